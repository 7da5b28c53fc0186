create or replace function accounts.check_cursor(p_after text, p_form text) returns void
  language plpgsql
  immutable
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whoever makes up a cursor hears so; a number beyond bigint would be an error of another kind, and
  -- so would digits of other scripts, which \d stands for under some locales.
  if p_after !~ p_form then
    raise exception using errcode = 'TA400', column = 'after',
      message = 'is not what a page before had as its next',
      hint = 'Send next as it came, with the same filters and order; or nothing, to begin anew.';
  end if;
end
$function$;

comment on function accounts.check_cursor(text, text) is
  'TA400 unless a cursor is of that form. NULL is none, and fine.';
