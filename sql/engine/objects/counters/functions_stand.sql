create or replace function tally.functions_stand(source regclass)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Whether the source's trigger functions are there, and say what would be generated today.
  select count(*) = 3
  from tally.sources s
  cross join (values ('insert'), ('update'), ('delete')) e (event)
  cross join lateral (
    select array_agg(d.id order by d.name) as counters, bool_and(d.scope is null) as plain,
           bool_or(d.by_settings) as by_settings
    from tally.definitions d
    where d.source = s.source
  ) c
  join pg_proc p on p.pronamespace = 'tally'::regnamespace
                and p.proname = format('count_%s_%s', s.slug, e.event)
  where s.source = functions_stand.source
    and p.prosrc = E'\n' || tally.function_body(
          s.slug, e.event, c.counters, c.plain,
          (select r.relkind = 'p' from pg_class r where r.oid = s.source))
    and p.prosecdef
    and cardinality(p.proconfig) = case when c.by_settings then 11 else 1 end
$function$;

comment on function tally.functions_stand(regclass) is
  'Whether a source''s trigger functions are as tally.build_functions would write them now.';
