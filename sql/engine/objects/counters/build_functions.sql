create or replace function tally.build_functions(source regclass)
returns void
language plpgsql
security definer  -- so that tally_owner owns what it makes; only its members may call this
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug     text;
  v_counters bigint[];
  v_names    text;
  v_settings text;
  v_plain    boolean;
  v_event    text;
begin
  -- Writes the source's trigger functions anew, for the counters it has now. The caller holds
  -- SHARE ROW EXCLUSIVE on the source: a writer that began under the old functions and commits
  -- under the new ones would otherwise be missed by the fill.
  select s.slug into strict v_slug from tally.sources s where s.source = build_functions.source;
  select array_agg(d.id order by d.name), string_agg(d.name, ', ' order by d.name),
         bool_and(d.scope is null),
         case when bool_or(d.by_settings) then
$settings$set timezone = 'UTC'
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set standard_conforming_strings = on
set array_nulls = on
set bytea_output = 'hex'
set lc_time = 'C'
set lc_numeric = 'C'
set lc_monetary = 'C'
$settings$ else '' end
  into v_counters, v_names, v_plain, v_settings
  from tally.definitions d
  where d.source = build_functions.source;

  foreach v_event in array array['insert', 'update', 'delete'] loop
    execute format(
$create$create or replace function tally.count_%1$s_%2$s()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
%3$sas %4$L$create$,
      v_slug, v_event, v_settings,
      E'\n' || tally.function_body(v_slug, v_event, v_counters, v_plain,
                                   (select c.relkind = 'p' from pg_class c where c.oid = source)));
    execute format('revoke execute on function tally.count_%s_%s() from public', v_slug, v_event);
    execute format('comment on function tally.count_%s_%s() is %L', v_slug, v_event,
                   format('Made by tally.build_functions: counts %s on %s for %s.',
                          upper(v_event), source, v_names));
  end loop;
end
$function$;

comment on function tally.build_functions(regclass) is
  'Generates the static trigger functions tally.count_<slug>_insert, _update and _delete.';
