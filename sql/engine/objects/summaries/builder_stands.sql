create or replace function tally.builder_stands(definition tally.summary_definitions)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Whether the function around a builder is there, and runs with the rights of its owner.
  select exists (
    select from pg_proc p
    where p.oid = to_regprocedure(format('tally.%I(text)', definition.function))
      and p.prosecdef
      and p.prosrc = format(E'\nbegin\n  return %s(scope);\nend\n', definition.builder)
      and p.proowner = tally.builder_owner(definition.builder)
      and has_function_privilege('tally_owner', p.oid, 'execute'))
$function$;

comment on function tally.builder_stands(tally.summary_definitions) is
  'Whether a summary''s builder can be called with the rights of its owner.';
