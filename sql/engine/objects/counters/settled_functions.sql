create or replace view tally.settled_functions as
select p.oid as function
from pg_catalog.pg_proc p
where p.provolatile = 'i'
   or (p.provolatile = 's'
       and p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
       and (p.proname in (
              'anytextcat', 'array_to_string', 'concat', 'concat_ws', 'date', 'date_part',
              'date_trunc', 'extract', 'format', 'text', 'textanycat', 'time', 'timestamp',
              'timestamptz', 'timezone', 'timetz', 'to_char', 'to_date', 'to_json', 'to_jsonb',
              'to_number', 'to_timestamp', 'pg_typeof', 'date_add',
              'date_subtract', 'json_build_array', 'json_build_object', 'jsonb_build_array',
              'jsonb_build_object', 'quote_literal', 'quote_nullable', 'row_to_json')
            or p.proname ~ ('^(date|timestamp|timestamptz|interval)'
                            || '_(eq|ne|lt|le|gt|ge|cmp|pl|mi)_')));

comment on view tally.settled_functions is
  'The functions a counter''s expressions may call: the immutable ones, and of PostgreSQL''s own '
  'stable ones those that depend on settings which the trigger functions pin. Others see the '
  'clock, the session or other tables: the same row would count differently when it is removed.';
