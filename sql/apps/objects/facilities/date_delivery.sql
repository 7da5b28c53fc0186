create or replace function facilities.date_delivery() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- By the clock of where it arrives.
  new.delivered_on := case
    when new.delivered_at is not null then facilities.date_of(new.dispatched_to, new.delivered_at)
  end;
  return new;
end
$function$;

comment on function facilities.date_delivery() is 'Sets distributions.delivered_on.';

create or replace trigger _100_date_delivery
  before insert or update of dispatched_to, delivered_at, delivered_on on facilities.distributions
  for each row execute function facilities.date_delivery();
comment on trigger _100_date_delivery on facilities.distributions is 'Sets delivered_on.';
