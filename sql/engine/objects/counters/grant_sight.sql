create or replace function tally.grant_schema(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $function$
declare
  v_until  timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
  v_schema regnamespace;
begin
  -- Before the source is locked: a transaction that changes rights on the same schema keeps them
  -- for as long as it is open. A schema that belongs to somebody else is named by tally.check_sight.
  loop
    begin
      select n.oid::regnamespace into v_schema
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = source
        and not exists (select from aclexplode(n.nspacl) a
                        where a.grantee = 'tally_owner'::regrole and a.privilege_type = 'USAGE');
      exit when not found;
      execute format('grant usage on schema %s to tally_owner', v_schema);
      exit;
    exception
      when insufficient_privilege then
        exit;
      when lock_not_available or internal_error then
        -- The other one keeps them, or has just changed them: "tuple concurrently updated".
        if clock_timestamp() >= v_until then
          raise exception using errcode = 'TL008',
            message = format('rights on schema %s could not be granted within %s', v_schema,
                             (select s.attach_wait from tally.settings s)),
            detail = sqlerrm,
            hint = 'End the transactions that change rights on it, make the first counter in it, '
                   'say, or try again when it is quieter; tally.settings.attach_wait says how long '
                   'to try.';
        end if;
    end;
    perform pg_sleep(0.02 + random() * 0.08);
  end loop;
end
$function$;

comment on function tally.grant_schema(regclass) is
  'Lets tally_owner into the schema of a source; TL008 where another transaction is in the way.';

create or replace function tally.grant_sight(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $function$
declare
  v_relation regclass;
begin
  -- tally_owner must see every row to fill and to verify. With the caller's rights, who owns
  -- the source: SELECT on it and its partitions, and a policy where row-level security is on.
  -- Its schema is a matter of tally.grant_schema, before the source is locked.
  for v_relation in select f from tally.family(source) f loop
    execute format('grant select on table %s to tally_owner', v_relation);
    begin
      perform tally.check_sight(v_relation);
    exception when sqlstate 'TL011' then
      if (select c.relrowsecurity from pg_class c where c.oid = v_relation)
         and not exists (select from pg_policy p where p.polrelid = v_relation
                                                   and p.polname = 'tally_reads_all') then
        execute format('create policy tally_reads_all on %s for select to tally_owner using (true)',
                       v_relation);
      end if;
    end;
  end loop;
  perform tally.check_sight(source);
end
$function$;

comment on function tally.grant_sight(regclass) is
  'Lets tally_owner read a source and its partitions, row-level security or not.';
