create or replace function tally.builder_owner(builder text)
returns oid
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- NULL where the builder is gone. Found in the catalog: tally_owner needs no right on its schema.
  select p.proowner
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where p.proargtypes[0] = 'text'::regtype and p.pronargs = 1
    and format('%I.%I', n.nspname, p.proname) = builder_owner.builder
$function$;

comment on function tally.builder_owner(text) is 'Who owns a builder.';
