create or replace function tally.definition_difference(
  old tally.definitions, source regclass, filter_sql text, scope_sql text, amount_sql text,
  audience text, ranked boolean
)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select string_agg(format('%s is %s, not %s', v.part, v.was, v.wanted), '; ')
  from (values
    ('source', old.source::text, source::text),
    ('filter', old.filter_sql, filter_sql),
    ('scope', old.scope_sql, scope_sql),
    ('amount', old.amount_sql, amount_sql),
    ('audience', old.audience, audience),
    ('ranked', old.ranked::text, ranked::text)) v (part, was, wanted)
  where v.was is distinct from v.wanted
$function$;

comment on function tally.definition_difference(
  tally.definitions, regclass, text, text, text, text, boolean) is
  'In words, where a declaration differs from the counter that has its name.';
