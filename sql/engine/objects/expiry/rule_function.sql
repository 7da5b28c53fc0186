create or replace function tally.rule_function(prefix text, name text)
returns name
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- A rule's name may be as long as any name, and its functions' names are longer.
  select (prefix || '_' || case when length(name) + length(prefix) < 63 then name
            else left(name, 53 - length(prefix)) || '_' || left(md5(name), 8) end)::name
$function$;

comment on function tally.rule_function(text, text) is
  'What a function, trigger or index that belongs to a rule is called.';
