create or replace function tally.make_builder(function text, builder text, path text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A builder runs with the rights of its own owner: never with those of whoever reads or works, and
  -- never with his settings, or a document would depend on who happened to build it. What words
  -- are searched by is as it was when the summary was declared, as search_path is.
  perform tally.drop_builder(make_builder.function);
  execute format(
$create$create function tally.%I(scope text)
returns jsonb
language plpgsql
volatile
security definer  -- the rights of the builder's owner
set search_path = %s
set row_security = on
set default_text_search_config = %L
%sas %L$create$,
    make_builder.function, path, current_setting('default_text_search_config'),
    tally.pinned_settings(),
    format(E'\nbegin\n  return %s(scope);\nend\n', builder));
  execute format('comment on function tally.%I(text) is %L', make_builder.function,
                 format('Made by tally.make_builder: calls %s with its owner''s rights.', builder));
  perform tally.hand_over(
    to_regprocedure(format('tally.%I(text)', make_builder.function)),
    tally.builder_owner(builder));
end
$function$;

comment on function tally.make_builder(text, text, text) is
  'Makes the function around a builder that runs with the rights of the builder''s owner.';
