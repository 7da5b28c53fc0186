-- An instant in a cursor: exact, and plain digits in whatever year it is. Two halves of one thing.

create or replace function accounts.micros(p_at timestamptz) returns bigint
  language sql
  immutable parallel safe
  set search_path = pg_catalog, pg_temp
as $function$
  select (extract(epoch from p_at) * 1000000)::bigint
$function$;

comment on function accounts.micros(timestamptz) is
  'Microseconds since 1970: an instant in a cursor.';

create or replace function accounts.from_micros(p_micros bigint) returns timestamptz
  language sql
  immutable parallel safe
  set search_path = pg_catalog, pg_temp
as $function$
  -- In two steps: an interval is multiplied by a float, which has no room for all digits.
  select timestamptz '1970-01-01 00:00:00+00'
    + p_micros / 1000000 * interval '1 second' + p_micros % 1000000 * interval '1 microsecond'
$function$;

comment on function accounts.from_micros(bigint) is
  'The instant of which accounts.micros made that.';
