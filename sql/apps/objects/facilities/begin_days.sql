create or replace function facilities.begin_days() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
declare
  v_first date := (new.created_at at time zone new.time_zone)::date;
begin
  insert into facilities.days (facility_id, date, time_zone, begins_at, ends_at)
  values (new.id, v_first, new.time_zone, new.created_at,
          facilities.day_end(v_first, new.time_zone));
  return null;
end
$function$;

comment on function facilities.begin_days() is 'A facility begins with an open day.';

create or replace trigger _200_begin_days
  after insert on facilities.facilities
  for each row execute function facilities.begin_days();
comment on trigger _200_begin_days on facilities.facilities is
  'A facility begins with an open day.';
