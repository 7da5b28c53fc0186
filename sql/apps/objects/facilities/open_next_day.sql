create or replace function facilities.open_next_day() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- After the last that has closed: where days were missed, they closed with it.
  insert into facilities.days (facility_id, date, time_zone, begins_at, ends_at)
  select new.facility_id, d.date + 1, new.time_zone, d.ends_at,
    facilities.day_end(d.date + 1, new.time_zone)
  from facilities.days as d
  where d.facility_id = new.facility_id and d.closed
  order by d.date desc
  limit 1;
  return null;
end
$function$;

comment on function facilities.open_next_day() is 'One day closes, the next one opens.';

create or replace trigger _200_open_next_day
  after update of closed on facilities.days
  for each row when (new.closed and not old.closed)
  execute function facilities.open_next_day();
comment on trigger _200_open_next_day on facilities.days is 'One day closes, the next one opens.';
