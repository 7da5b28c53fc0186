create or replace function facilities.date_request() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Whoever writes says when, if at all; the date is the facility's business.
  new.created_on := facilities.date_of(new.facility_id, new.created_at);
  return new;
end
$function$;

comment on function facilities.date_request() is 'Sets requests.created_on.';

create or replace trigger _100_date_request
  before insert or update of facility_id, created_at, created_on on facilities.requests
  for each row execute function facilities.date_request();
comment on trigger _100_date_request on facilities.requests is 'Sets created_on.';
