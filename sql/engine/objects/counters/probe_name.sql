create or replace function tally.probe_name(source regclass)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- The source's own name, so that an expression may say table.column; another, where the session
  -- has a temporary table of that name.
  select 'pg_temp.' || quote_ident(case
           when to_regclass('pg_temp.' || quote_ident(c.relname)) is null then c.relname
           else 'tally_probe_' || left(md5(c.relname || clock_timestamp()), 12) end)
  from pg_class c
  where c.oid = probe_name.source
$function$;

comment on function tally.probe_name(regclass) is
  'What tally.compile_expression calls its temporary copy of a source.';
