create or replace function facilities.day_end(p_date date, p_zone text) returns timestamptz
  language sql
  stable parallel safe
  set search_path = pg_catalog, pg_temp
as $function$
  -- The first instant of the next date. Where clocks are set across midnight, its 00:00 comes twice
  -- or not at all: twice, PostgreSQL says the second, which is up to two hours late.
  select min(c.at)
  from (
    select ((p_date + 1)::timestamp at time zone p_zone) - b.back * interval '30 minutes' as at
    from generate_series(0, 4) as b (back)
  ) as c
  where (c.at at time zone p_zone)::date > p_date
$function$;

comment on function facilities.day_end(date, text) is
  'When that date ends by the clocks of that zone, daylight saving included.';
