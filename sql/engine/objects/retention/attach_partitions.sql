create or replace function tally.attach_partitions(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_missing record;
  v_owner   name := (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = source);
  v_call    name := 'make_partition_' || tally.partitioning_slug(source);
  v_usage   boolean := has_schema_privilege(v_owner, 'tally', 'usage');
  v_execute boolean;
  v_function text;
begin
  -- A new partition is counted from its first row on: its triggers are made in the transaction that
  -- makes it, as its owner. Who makes a trigger must be able to call its function: lent for that,
  -- by one session at a time.
  perform pg_advisory_xact_lock(1952541804, 14);
  for v_missing in
    select t.ddl from tally.expected_triggers(source) t
    join pg_class c on c.oid = t.relation and c.relispartition and c.relowner::regrole::text
                         = (select o.relowner::regrole::text from pg_class o where o.oid = source)
    where t.tgenabled is null
  loop
    v_function := substring(v_missing.ddl from 'execute function (tally\.[a-z0-9_]+\(\))$');
    v_execute := has_function_privilege(v_owner, v_function, 'execute');
    if not v_usage then
      execute format('grant usage on schema tally to %I', v_owner);
    end if;
    if not v_execute then
      execute format('grant execute on function %s to %I', v_function, v_owner);
    end if;
    execute format('select tally.%I($1)', v_call) using v_missing.ddl;
    if not v_execute then
      execute format('revoke execute on function %s from %I', v_function, v_owner);
    end if;
    if not v_usage then
      execute format('revoke usage on schema tally from %I', v_owner);
    end if;
  end loop;
end
$function$;

comment on function tally.attach_partitions(regclass) is
  'Puts the counting triggers on new partitions, as the owner of the table.';
