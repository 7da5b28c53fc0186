-- No pinned search_path here: it would keep the planner from inlining it into the fold. Every
-- reference is qualified, and nothing is called that a path could replace.

create or replace function tally.change(name text, scope text, value numeric)
returns text
language sql
stable parallel safe
as $function$
  -- to_json of a scope: whatever is in it, what comes out is one JSON string.
  select pg_catalog.concat('["', name, '",', pg_catalog.to_json(scope), ',', value::bigint, ']')
$function$;

comment on function tally.change(text, text, numeric) is
  'One counter''s change as tally.pulse announces it: ["name","scope",5].';
