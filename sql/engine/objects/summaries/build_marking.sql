create or replace function tally.build_marking(source regclass)
returns void
language plpgsql
security definer  -- so that tally_owner owns what it makes; only its members may call this
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_slug     text;
  v_watches  bigint[];
  v_names    text;
  v_settings text;
  v_event    text;
begin
  -- Writes a watched table's trigger functions anew, for the watches it has now. The caller holds
  -- SHARE ROW EXCLUSIVE on it: so that no writer began under the old functions.
  select w.slug into strict v_slug from tally.watched w where w.source = build_marking.source;
  select array_agg(w.id order by w.id),
         string_agg(distinct s.name, ', ' order by s.name),
         case when bool_or(w.by_settings) then
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
  into v_watches, v_names, v_settings
  from tally.watches w
  join tally.summary_definitions s on s.id = w.summary
  where w.source = build_marking.source;

  foreach v_event in array array['insert', 'update', 'delete'] loop
    execute format(
$create$create or replace function tally.mark_%1$s_%2$s()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
%3$sas %4$L$create$,
      v_slug, v_event, v_settings,
      E'\n' || tally.marking_body(v_slug, v_event, v_watches,
                                  (select c.relkind = 'p' from pg_class c where c.oid = source)));
    execute format('revoke execute on function tally.mark_%s_%s() from public', v_slug, v_event);
    execute format('comment on function tally.mark_%s_%s() is %L', v_slug, v_event,
                   format('Made by tally.build_marking: marks documents of %s on %s of %s.',
                          v_names, upper(v_event), source));
  end loop;
end
$function$;

comment on function tally.build_marking(regclass) is
  'Generates the static trigger functions tally.mark_<slug>_insert, _update and _delete.';
