create or replace function facilities.date_movement() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- What has expired was taken off the closed days that it was due on already, whether or not it
  -- had been noticed: it needs no open day, and so waits for nobody who closes one. Two sessions
  -- that close days and expire units would wait for each other. What expired since that day began
  -- counts on it also where the clock was put back, and says an earlier date.
  new.moved_on := case new.kind
    when 'expiry' then (
      select greatest(
        case when new.moved_at >= d.begins_at then d.date end,
        (new.moved_at at time zone d.time_zone)::date
      )
      from facilities.days as d
      where d.facility_id = new.facility_id and not d.closed
    )
    else facilities.date_of(new.facility_id, new.moved_at)
  end;
  return new;
end
$function$;

comment on function facilities.date_movement() is 'Sets movements.moved_on.';

create or replace trigger _100_date_movement
  before insert on facilities.movements
  for each row execute function facilities.date_movement();
comment on trigger _100_date_movement on facilities.movements is 'Sets moved_on.';
