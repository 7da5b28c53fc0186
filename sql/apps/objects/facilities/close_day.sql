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
  -- Days after it that have ended meanwhile, because nobody closed it, close with it: one look at
  -- the counters gives the figures of all, where a look for each would read again all that the
  -- days after it have. Today's are the last, and stay open (open_next_day).
  with figures as materialized (
    select o.*, max(o.date) over () as today from facilities.open_days(new.facility_id) as o
  ), missed as (
    insert into facilities.days
      (facility_id, date, time_zone, begins_at, ends_at, closed, total_stock, total_transferred,
       total_requests, updated_at)
    select new.facility_id, f.date, new.time_zone,
      case when f.date = new.date + 1 then new.ends_at
           else facilities.day_end(f.date - 1, new.time_zone) end,
      facilities.day_end(f.date, new.time_zone), true, f.total_stock, f.total_transferred,
      f.total_requests, f.updated_at
    from figures as f
    where f.date > new.date and f.date < f.today
  )
  select f.total_stock, f.total_transferred, f.total_requests, f.updated_at
  into strict new.total_stock, new.total_transferred, new.total_requests, new.updated_at
  from figures as f
  where f.date = new.date;
  return new;
end
$function$;

comment on function facilities.close_day() is
  'Gives a day that closes its figures, and closes those after it that have ended.';

create or replace trigger _100_close_day
  before update of closed on facilities.days
  for each row when (new.closed and not old.closed)
  execute function facilities.close_day();
comment on trigger _100_close_day on facilities.days is
  'Gives a day that closes its figures, and closes those after it that have ended.';
