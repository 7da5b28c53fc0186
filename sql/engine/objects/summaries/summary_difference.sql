create or replace function tally.summary_difference(
  old tally.summary_definitions, builder text, max_age interval, settle interval, audience text
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select string_agg(format('%s is %s, not %s', v.part, coalesce(v.was, 'null'),
                           coalesce(v.wanted, 'null')), '; ')
  from (values
    ('builder', old.builder, builder),
    ('max_age', old.max_age::text, max_age::text),
    ('settle', old.settle::text, settle::text),
    ('audience', old.audience, audience)) v (part, was, wanted)
  where v.was is distinct from v.wanted
$function$;

comment on function tally.summary_difference(
  tally.summary_definitions, text, interval, interval, text) is
  'In words, where a declaration differs from the summary that has its name.';
