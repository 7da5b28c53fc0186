create or replace function tally.grant_sight(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '100ms'
as $function$
declare
  v_until    timestamptz := clock_timestamp() + (select s.attach_wait from tally.settings s);
  v_schema   regnamespace;
  v_relation regclass;
begin
  -- tally_owner must see every row to fill and to verify. With the caller's rights, who owns
  -- the source: SELECT on it and its partitions, and a policy where row-level security is on.
  -- A schema that belongs to somebody else is named by tally.check_sight.
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
        -- Another session has just granted something on the same schema, or is about to.
        if clock_timestamp() >= v_until then
          raise;
        end if;
    end;
    perform pg_sleep(0.02 + random() * 0.08);
  end loop;
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
