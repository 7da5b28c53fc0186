create or replace function tally.check_summary(
  name text, builder regproc, max_age interval, settle interval, audience text
)
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_function pg_proc;
  v_why      text;
begin
  -- Whatever can be said of a declaration by itself.
  perform tally.check_new_name('summary', name);
  perform tally.check_audience('summary', name, audience);
  if settle is null or settle < interval '0' or settle > interval '1 day' then
    raise exception using errcode = 'TL020',
      message = format('summary "%s": settle is %s', name, coalesce(settle::text, 'null')),
      hint = 'How long to wait for more changes before a rebuild: 0 to 1 day.';
  end if;
  if max_age < interval '10 milliseconds' or max_age > interval '100 years' then
    raise exception using errcode = 'TL020',
      message = format('summary "%s": max_age is %s', name, max_age),
      hint = 'How old a document may be when it is read: 10 ms or more; null: as old as it is.';
  end if;
  perform tally.check_declarer('declare summaries', tries => false);

  select p.* into v_function from pg_proc p where p.oid = builder;
  v_why := case
    when builder is null then 'none is given'
    when v_function.oid is null then format('there is no function with oid %s', builder::oid)
    when v_function.pronamespace = pg_my_temp_schema() then 'it is temporary'
    when v_function.prokind <> 'f' then 'it is a procedure, an aggregate or a window function'
    when v_function.proretset then 'it returns a set of rows'
    when v_function.prorettype <> 'jsonb'::regtype then
      format('it returns %s', format_type(v_function.prorettype, null))
    when v_function.pronargs <> 1 or v_function.proargtypes[0] <> 'text'::regtype then
      format('it takes (%s)', pg_get_function_identity_arguments(builder))
  end;
  if v_why is not null then
    raise exception using errcode = 'TL019',
      message = format('summary "%s": its builder %s cannot be used: %s', name,
                       coalesce(builder::text, 'null'), v_why),
      hint = 'A builder is a function (scope text) that returns jsonb.';
  end if;
  if not pg_has_role(v_function.proowner, 'usage') then
    raise exception using errcode = 'TL007',
      message = format('summary "%s": role %I may not act as %I, who owns %s and with whose rights '
                       'it would run', name, current_user, v_function.proowner::regrole::text,
                       builder),
      hint = format('Declare it as %s.', v_function.proowner::regrole);
  end if;
end
$function$;

comment on function tally.check_summary(text, regproc, interval, interval, text) is
  'Raises the error that names what is wrong with the declaration of a summary.';
