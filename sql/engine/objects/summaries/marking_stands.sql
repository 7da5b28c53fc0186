create or replace function tally.marking_stands(source regclass)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Whether a watched table's trigger functions are there, and say what would be generated today.
  select count(*) = 3
  from tally.watched s
  cross join (values ('insert'), ('update'), ('delete')) e (event)
  cross join lateral (
    select array_agg(w.id order by w.id) as watches, bool_or(w.by_settings) as by_settings
    from tally.watches w
    where w.source = s.source
  ) c
  join pg_proc p on p.pronamespace = 'tally'::regnamespace
                and p.proname = format('mark_%s_%s', s.slug, e.event)
  where s.source = marking_stands.source
    and p.prosrc = E'\n' || tally.marking_body(
          s.slug, e.event, c.watches,
          (select r.relkind = 'p' from pg_class r where r.oid = s.source))
    and p.prosecdef
    and cardinality(p.proconfig) = case when c.by_settings then 11 else 1 end
$function$;

comment on function tally.marking_stands(regclass) is
  'Whether a watched table''s trigger functions are as tally.build_marking would write them now.';
