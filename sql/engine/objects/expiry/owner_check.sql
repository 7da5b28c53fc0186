create or replace function tally.owner_check()
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- A table that was given away: whoever has it now would have triggers and functions of his own run
  -- with the rights of whoever had it.
  select
$text$
  if (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = v_source) <> current_user then
    raise exception using errcode = 'TL007',
      message = v_source || ' belongs to '
        || (select c.relowner::regrole from pg_class c where c.oid = v_source)
        || ' by now, and its rule runs as ' || quote_ident(current_user),
      hint = 'Its owner has to declare the rule again, with the same words.';
  end if;
$text$
$function$;

comment on function tally.owner_check() is
  'Text for the functions of a rule: they refuse a table that is not their owner''s any more.';
