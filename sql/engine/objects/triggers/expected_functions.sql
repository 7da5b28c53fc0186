create or replace function tally.expected_functions(source regclass, kind text)
returns table (name text, body text, by_settings smallint, purpose text)
language sql
stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'  -- and so on: they are compared, so their text must not depend on who asks
set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres'
set extra_float_digits = 1
set standard_conforming_strings = on
set bytea_output = 'hex'
set quote_all_identifiers = off
as $function$
  -- A table's trigger functions as they would be written today, for the counters or watches it has.
  select format('%s_%s_%s', t.kind, t.slug, e.event), E'\n' || f.body, f.by_settings, f.purpose
  from tally.triggered_tables t
  join pg_class r on r.oid = t.source
  cross join (values ('insert'), ('update'), ('delete')) e (event)
  cross join lateral (
    select tally.function_body(t.slug, e.event, array_agg(d.id order by d.name),
                               bool_and(d.scope is null), r.relkind = 'p') as body,
           max(d.by_settings) as by_settings,
           format('counts %s on %s for %s', upper(e.event), t.source,
                  string_agg(d.name, ', ' order by d.name)) as purpose
    from tally.definitions d
    where t.kind = 'count' and d.source = t.source
    having count(*) > 0
    union all
    select tally.marking_body(t.slug, e.event, array_agg(w.id order by w.id), r.relkind = 'p'),
           max(w.by_settings),
           format('marks documents of %s on %s of %s',
                  string_agg(distinct s.name, ', ' order by s.name), upper(e.event), t.source)
    from tally.watches w
    join tally.summary_definitions s on s.id = w.summary
    where t.kind = 'mark' and w.source = t.source
    having count(*) > 0
  ) f
  where t.source = expected_functions.source and t.kind = expected_functions.kind
$function$;

comment on function tally.expected_functions(regclass, text) is
  'The trigger functions that a counted or watched table must have.';
