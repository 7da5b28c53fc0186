-- No pinned search_path: a builder that pins none runs with the one that its summary was declared
-- with. Everything of ours is qualified. Runs with the caller's rights.

create or replace function tally.create_summary(
  name     text,
  builder  pg_catalog.regproc,
  max_age  pg_catalog.interval default null,
  settle   pg_catalog.interval default '1 second',
  audience text default 'private'
)
returns void
language plpgsql
as $function$
begin
  -- Declares a summary: a JSON document for each scope, which builder makes. What it is made of is
  -- said with tally.watch.
  perform tally.check_summary(name, builder, max_age, settle, audience);
  perform tally.put_summary(name, builder, max_age, settle, audience,
                            pg_catalog.current_schemas(false));
end
$function$;

comment on function tally.create_summary(
  text, pg_catalog.regproc, pg_catalog.interval, pg_catalog.interval, text) is
  'Declares a summary: one JSON document for each scope, built by function builder (scope text) '
  'returns jsonb, which may only read. Again with the same words changes nothing. '
  'tally.drop_summary undoes it.';
