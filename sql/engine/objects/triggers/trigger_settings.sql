create or replace function tally.trigger_settings(by_settings smallint)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- No more than may matter: a writer waits for each. 2 is for functions of an application, which may
  -- look at anything; these last ones are not for rules, whose changes fire the application's triggers.
  select case when trigger_settings.by_settings = 0 then ''
              when trigger_settings.by_settings = 1 then tally.pinned_values()
              else tally.pinned_settings() ||
$settings$set default_text_search_config = 'pg_catalog.simple'
set backslash_quote = safe_encoding
set transform_null_equals = off
$settings$ end
$function$;

comment on function tally.trigger_settings(smallint) is
  'Text for tally.build_functions: the settings that trigger functions pin for expressions which '
  'depend on settings so much: 0, 1 or 2.';
