create or replace function tally.stray_triggers(whose regclass default null)
returns table (relation regclass, name text, source regclass, kind text)
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- What must be there is asked once for each table, and then for all triggers together. Those
  -- that every table shares, such as tally.count_key, tell not whose they are: source is NULL.
  with expected as materialized (
    select s.source, s.kind, e.relation, e.name
    from tally.triggered_tables s
    cross join lateral tally.expected_triggers(s.source, s.kind) e
    where whose is null or s.source = whose
  )
  select t.relation, t.name, t.source, t.kind
  from tally.present_triggers t
  where (whose is null or t.source = whose)
    and not exists (
      select from expected e
      where e.kind = t.kind and e.relation = t.relation and e.name = t.name
        and (t.source is null or e.source = t.source))
$function$;

comment on function tally.stray_triggers(regclass) is
  'Counting and marking triggers on tables that are not, or no longer, part of a counted or '
  'watched one, of all or of one such table: a partition that was detached keeps its own, and goes '
  'on counting.';
