create or replace function tally.one_line(value text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $function$
  select regexp_replace(value, '[\r\n]+', ' ', 'g')
$function$;

comment on function tally.one_line(text) is
  'For comments in generated functions: a name may have a line break in it, which would end them.';

create or replace function tally.deferred_checks(relations text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- A constraint that is declared again goes with its table as it stands when the function runs.
  -- Those of tables that are not concerned are the caller's business, and so is when they are
  -- checked: among them is the trigger that announces documents, which holds the pulse's lock from
  -- when it runs. SET CONSTRAINTS knows constraints by schema and name only.
  select format(
$text$(select string_agg(distinct format('%%s.%%I', k.connamespace::regnamespace, k.conname), ', ')
      from pg_trigger t
      join pg_constraint k on k.oid = t.tgconstraint
      where t.tginitdeferred and t.tgrelid in (%s))$text$, relations)
$function$;

comment on function tally.deferred_checks(text) is
  'Text for generated functions: the names of what is checked at the commit on some tables, as SET '
  'CONSTRAINTS has them; NULL where nothing is.';
