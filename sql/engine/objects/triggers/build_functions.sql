create or replace function tally.build_functions(source regclass, kind text)
returns void
language plpgsql
security definer  -- so that tally_owner owns what it makes; only its members may call this
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_function record;
begin
  -- Writes a table's trigger functions anew, for the counters or watches it has now. The caller
  -- holds SHARE ROW EXCLUSIVE on it: a writer that began under the old functions and commits
  -- under the new ones would otherwise be missed by the fill.
  for v_function in select f.* from tally.expected_functions(source, kind) f loop
    execute format(
$create$create or replace function tally.%1$s()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
%2$sas %3$L$create$,
      v_function.name,
      tally.trigger_settings(v_function.by_settings),
      v_function.body);
    execute format('revoke execute on function tally.%s() from public', v_function.name);
    execute format('comment on function tally.%s() is %L', v_function.name,
                   format('Made by tally.build_functions: %s.', v_function.purpose));
  end loop;
end
$function$;

comment on function tally.build_functions(regclass, text) is
  'Generates the static trigger functions tally.count_<slug>_insert, _update and _delete, or '
  'tally.mark_<slug>_insert and so on.';
