-- No pinned search_path here: it would keep the planner from inlining it into the fold. Every
-- reference is qualified, and nothing is called that a path could replace.

create or replace function tally.change(name text, scope text, value numeric)
returns text
language sql
stable parallel safe
as $function$
  -- to_json of a scope: whatever is in it, what comes out is one JSON string. A number beyond
  -- bigint is not told, but that it changed is: who shows the last one must take it away.
  select pg_catalog.concat('["', name, '",', pg_catalog.to_json(scope),
    ',' operator(pg_catalog.||) case
      when value operator(pg_catalog.>=) -9223372036854775808
           and value operator(pg_catalog.<=) 9223372036854775807
      then value::bigint::pg_catalog.text end, ']')
$function$;

comment on function tally.change(text, text, numeric) is
  'One counter''s change as tally.pulse announces it: ["name","scope",5]; without the number where '
  'it is beyond bigint.';
