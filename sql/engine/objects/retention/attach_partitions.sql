create or replace function tally.lend_triggers(source regclass, lend boolean)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_owner oid := (select c.relowner from pg_class c where c.oid = source);
  v_function regprocedure;
begin
  -- Whoever puts a trigger on a table must be able to call its function, also where PostgreSQL
  -- copies a trigger to a new partition. The owner of a counted table need not: lent while
  -- partitions are made, in a transaction that nobody else sees, by one session at a time.
  perform pg_advisory_xact_lock(1952541804, 14);
  for v_function in
    select distinct t.tgfoid::regprocedure
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid and p.pronamespace = 'tally'::regnamespace
    where t.tgrelid = source and not t.tgisinternal and p.proowner <> v_owner
      and not pg_has_role(v_owner, p.proowner, 'usage')
  loop
    execute format(case when lend then 'grant execute on function %s to %I'
                        else 'revoke execute on function %s from %I' end,
                   v_function, pg_get_userbyid(v_owner));
  end loop;
  if found then
    execute format(case when lend then 'grant usage on schema tally to %I'
                        else 'revoke usage on schema tally from %I' end, pg_get_userbyid(v_owner));
  end if;
end
$function$;

comment on function tally.lend_triggers(regclass, boolean) is
  'Lets the owner of a counted table call its counting functions while partitions are made, or no '
  'more.';

create or replace function tally.attach_partitions(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_missing record;
begin
  -- A new partition is counted and watched from its first row on: its triggers are made in the
  -- transaction that makes it, as its owner.
  for v_missing in
    select t.ddl
    from unnest(array['count', 'mark']) k (kind)
    cross join lateral tally.expected_triggers(source, k.kind) t
    join pg_class c on c.oid = t.relation and c.relispartition
    join pg_class o on o.oid = source and o.relowner = c.relowner
    where t.tgenabled is null
  loop
    execute format('select tally.%I($1)', 'make_partition_' || tally.partitioning_slug(source))
      using v_missing.ddl;
  end loop;
end
$function$;

comment on function tally.attach_partitions(regclass) is
  'Puts the counting and marking triggers on new partitions, as the owner of the table.';
