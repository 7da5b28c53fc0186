create or replace function tally.revoke_sight(source regclass)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_relation regclass;
begin
  -- Undoes tally.grant_sight: a source that counts nothing any more is as it was before.
  for v_relation in select f from tally.family(source) f loop
    if exists (select from pg_policy p
               where p.polrelid = v_relation and p.polname = 'tally_reads_all') then
      execute format('drop policy tally_reads_all on %s', v_relation);
    end if;
    execute format('revoke select on table %s from tally_owner', v_relation);
  end loop;
end
$function$;

comment on function tally.revoke_sight(regclass) is
  'Takes back what tally.grant_sight gave on a source and its partitions.';
