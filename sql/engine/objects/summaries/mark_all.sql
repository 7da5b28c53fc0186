create or replace function tally.mark_all(slug text)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  insert into tally.marks (summary, scope)
  select distinct w.summary, null
  from tally.watched s
  join tally.watches w on w.source = s.source
  where s.slug = mark_all.slug
$function$;

comment on function tally.mark_all(text) is
  'Marks every document of every summary that watches a table: for what cannot be told row by row.';

create or replace function tally.mark_source(source regclass)
returns void
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select tally.mark_all(s.slug) from tally.watched s where s.source = mark_source.source
$function$;

comment on function tally.mark_source(regclass) is
  'tally.mark_all by the table itself: for rows that went without any trigger.';
