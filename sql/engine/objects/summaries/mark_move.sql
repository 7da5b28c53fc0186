create or replace function tally.mark_move()
returns trigger
language plpgsql
security definer  -- writers of the table need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- As tally.count_move has it: a MERGE that moves a row to another partition shows it to no
  -- statement trigger.
  perform set_config('tally.marking_' || pg_trigger_depth() || '_' || tg_relid,
                     tally.heap_changes(tg_relid)::text, true);
  return null;
end
$function$;

comment on function tally.mark_move() is
  'Trigger function before an UPDATE of a partition key: moves that no trigger sees are noticed.';

create or replace function tally.mark_unseen(relation oid, seen bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_setting text := 'tally.marking_' || pg_trigger_depth() || '_' || relation;
  v_noted   bigint := current_setting(v_setting)::bigint;
begin
  perform set_config(v_setting, '', true);
  return tally.heap_changes(relation) - v_noted <> seen or current_setting('track_counts') = 'off';
end
$function$;

comment on function tally.mark_unseen(oid, bigint) is
  'Whether a statement on a partitioned table moved rows that its transition tables do not show.';

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
