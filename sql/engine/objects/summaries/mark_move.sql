create or replace function tally.mark_move()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As tally.count_move has it: a MERGE that moves a row to another partition shows it to no
  -- statement trigger.
  perform tally.note_move('mark', tg_relid);
  return null;
end
$function$;

comment on function tally.mark_move() is
  'Trigger function before an UPDATE of a partition key: moves that no trigger sees are noticed.';

create or replace function tally.mark_updated()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As tally.count_updated has it.
  if not tally.forget_move('mark', tg_relid) then
    perform tally.mark_source(coalesce(pg_partition_root(tg_relid), tg_relid::regclass));
  end if;
  return null;
end
$function$;

comment on function tally.mark_updated() is
  'Trigger function after an UPDATE of a partition key: ends what tally.mark_move began.';

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
