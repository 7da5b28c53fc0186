create or replace function tally.functions_stand(source regclass, kind text)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Whether a table's trigger functions are there, and say what would be generated today.
  select count(*) = 3
  from tally.expected_functions(functions_stand.source, functions_stand.kind) f
  join pg_proc p on p.pronamespace = 'tally'::regnamespace and p.proname = f.name
  where p.prosrc = f.body
    and p.prosecdef
    and cardinality(p.proconfig) = 1
          + regexp_count(tally.trigger_settings(f.by_settings), '^set ', 1, 'n')
$function$;

comment on function tally.functions_stand(regclass, text) is
  'Whether a table''s trigger functions are as tally.build_functions would write them now.';
