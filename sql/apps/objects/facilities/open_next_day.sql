create or replace function facilities.open_next_day() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Where days were missed, that one is over too, and closes next.
  insert into facilities.days (facility_id, date, time_zone, begins_at, ends_at)
  values (new.facility_id, new.date + 1, new.time_zone, new.ends_at,
          facilities.day_end(new.date + 1, new.time_zone));
  return null;
end
$function$;

comment on function facilities.open_next_day() is 'One day closes, the next one opens.';

create or replace trigger _200_open_next_day
  after update of closed on facilities.days
  for each row when (new.closed and not old.closed)
  execute function facilities.open_next_day();
comment on trigger _200_open_next_day on facilities.days is 'One day closes, the next one opens.';
