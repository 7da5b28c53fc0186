create or replace function tally.has_children(relation oid)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- A function, for tally.fit_sources: nearly no table needs this look, and as a subquery each
  -- read of a counter would pay for getting ready for it.
  select exists (select from pg_inherits i where i.inhparent = has_children.relation)
$function$;

comment on function tally.has_children(oid) is
  'Whether tables inherit from this one now; pg_class.relhassubclass only says that some may.';
