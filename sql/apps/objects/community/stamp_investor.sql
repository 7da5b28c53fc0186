create or replace function community.stamp_investor() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Any other number would do. Not one that counts on: the sum of two could come out as before.
  new.stamp := floor(random() * 1099511627776)::bigint;
  return new;
end
$function$;

comment on function community.stamp_investor() is
  'Marks a row as another one: see community.investors.stamp.';

-- An update that changes nothing leaves the directory as it was.
create or replace trigger _100_stamp_insert before insert on community.investors
  for each row execute function community.stamp_investor();
create or replace trigger _100_stamp_update before update on community.investors
  for each row when (
    (old.id, old.user_id, old.type, old.name, old.company, old.bio, old.sectors, old.check_min,
     old.check_max, old.listed)
    is distinct from (new.id, new.user_id, new.type, new.name, new.company, new.bio, new.sectors,
     new.check_min, new.check_max, new.listed)
  )
  execute function community.stamp_investor();
comment on trigger _100_stamp_insert on community.investors is 'A new row gets its stamp.';
comment on trigger _100_stamp_update on community.investors is 'A changed row gets another stamp.';
