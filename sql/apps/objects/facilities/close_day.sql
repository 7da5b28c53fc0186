create or replace function facilities.close_day() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- The figures that the day has for its last reader are those that it keeps. Whoever counted on it
  -- has committed (facilities.date_of), and the next statement sees it.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = 'A day is closed in READ COMMITTED: an older snapshot may lack some of it.';
  end if;
  if new.ends_at > clock_timestamp() then
    raise exception using errcode = 'object_not_in_prerequisite_state',
      message = format('%s has not ended at facility %s.', new.date, new.facility_id),
      hint = format('It ends at %s, and is closed by itself then.', new.ends_at);
  end if;
  select o.total_stock, o.total_transferred, o.total_requests, o.updated_at
  into strict new.total_stock, new.total_transferred, new.total_requests, new.updated_at
  from facilities.open_days(new.facility_id, new.date) as o;
  return new;
end
$function$;

comment on function facilities.close_day() is 'Gives a day that closes its figures.';

create or replace trigger _100_close_day
  before update of closed on facilities.days
  for each row when (new.closed and not old.closed)
  execute function facilities.close_day();
comment on trigger _100_close_day on facilities.days is 'Gives a day that closes its figures.';
