create or replace function facilities.change_zone() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- First what is over by the old clock, so that only today is left for the new one: it ends sooner
  -- or later for it. No date comes twice; one may pass without lasting.
  loop
    update facilities.days as d
    set closed = true
    where d.facility_id = new.id and not d.closed and d.ends_at <= clock_timestamp();
    exit when not found;
  end loop;
  update facilities.days as d
  set time_zone = new.time_zone, ends_at = facilities.day_end(d.date, new.time_zone)
  where d.facility_id = new.id and not d.closed;
  return null;
end
$function$;

comment on function facilities.change_zone() is
  'A facility''s open day ends by another clock; closed days stay.';

create or replace trigger _200_change_zone
  after update of time_zone on facilities.facilities
  for each row when (new.time_zone <> old.time_zone)
  execute function facilities.change_zone();
comment on trigger _200_change_zone on facilities.facilities is
  'The open day ends by another clock; closed days stay.';
