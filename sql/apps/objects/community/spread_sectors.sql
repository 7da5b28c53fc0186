create or replace function community.spread_sectors() returns trigger
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Counters see one row of a table: so that each sector is one. Only what differs is written.
  delete from community.investor_sectors as s
  where s.investor_id = new.id and (not new.listed or s.sector <> all (new.sectors));
  insert into community.investor_sectors (investor_id, sector)
  select distinct new.id, s.sector from unnest(new.sectors) as s (sector)
  where new.listed
  on conflict do nothing;
  return null;
end
$function$;

comment on function community.spread_sectors() is
  'Keeps community.investor_sectors as community.investors has it.';

create or replace trigger _500_sectors
  after insert or update of user_id, sectors, listed on community.investors
  for each row execute function community.spread_sectors();
comment on trigger _500_sectors on community.investors is
  'Keeps community.investor_sectors.';
