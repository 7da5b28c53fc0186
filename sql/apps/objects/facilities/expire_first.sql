create or replace function facilities.expire_first() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- What is due is expired, whatever else happens to it and whether or not that was noticed: it
  -- does not move with its bank.
  new.state := 'expired';
  return new;
end
$function$;

comment on function facilities.expire_first() is
  'What is past its expiry cannot be in stock after a change.';

create or replace trigger _100_expire_first
  before update on facilities.inventory
  for each row when (new.state = 'stock' and new.expires_at <= clock_timestamp())
  execute function facilities.expire_first();
comment on trigger _100_expire_first on facilities.inventory is
  'What is past its expiry cannot be in stock after a change.';
