create or replace function tally.builder_name(name text)
returns text
language sql
immutable parallel safe
set search_path = pg_catalog, pg_temp
as $function$
  select 'summary_' || case when length(builder_name.name) <= 55 then builder_name.name
                            else left(builder_name.name, 46) || '_'
                                 || left(md5(builder_name.name), 8) end
$function$;

comment on function tally.builder_name(text) is
  'What tally''s own function around a summary''s builder is called.';
