create or replace function tally.topic_definitions(names text[])
returns table (name text, kind text, audience text, state text)
language sql
stable
security definer  -- a server may not read definitions by itself
set search_path = pg_catalog, pg_temp
as $function$
  select s.name, s.kind, s.audience, s.state
  from tally.topic_states s
  where s.name = any (names)
$function$;

comment on function tally.topic_definitions(text[]) is
  'Of these names, those that are counters or summaries: who may read them, and whether they can be read.';
