create or replace function tally.mark_key()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform tally.note_move('mark', tg_relid);
  return new;
end
$function$;

comment on function tally.mark_key() is
  'Trigger function before a row is updated whose partition key changes, as tally.count_key.';

create or replace function tally.mark_route()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As tally.count_route: its trigger, for each row when (false), is there to exist.
  return new;
end
$function$;

comment on function tally.mark_route() is
  'Never called: its row trigger keeps a MERGE from showing one row for another (PostgreSQL 18).';
