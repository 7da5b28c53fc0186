create or replace function tally.count_route()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Its trigger, before insert for each row when (false), is there to exist. PostgreSQL 18 keeps
  -- the row that an INSERT routes to a partition, to spare itself a conversion, and in a MERGE
  -- puts it once more into the transition table, in the place of the next row that is updated.
  -- Where a partition has a BEFORE INSERT row trigger it does not keep that row.
  return new;
end
$function$;

comment on function tally.count_route() is
  'Never called: its row trigger keeps a MERGE from showing one row for another (PostgreSQL 18).';
