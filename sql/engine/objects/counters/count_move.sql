create or replace function tally.heap_changes(relation regclass)
returns bigint
language plpgsql  -- its plan is kept, that of an SQL function is made at each call
volatile
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- How many rows this transaction has updated in place or removed, in all partitions below. A
  -- row that moves to another partition is removed in one and inserted in another.
  --
  -- From the catalog alone: pg_partition_tree would lock every partition, and wait for whoever
  -- truncates or alters one that the statement does not touch.
  return (
    with recursive below (relid) as (
      select heap_changes.relation::oid
      union all
      select i.inhrelid from below b join pg_inherits i on i.inhparent = b.relid
    )
    select sum(pg_stat_get_xact_tuples_updated(b.relid)
               + pg_stat_get_xact_tuples_deleted(b.relid))
    from below b
  );
end
$function$;

comment on function tally.heap_changes(regclass) is
  'Rows of a partitioned table that this transaction updated or removed so far.';

create or replace function tally.count_move()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- A statement that sets a partition key may move rows, and a MERGE that moves a row shows it to
  -- no statement trigger (PostgreSQL 15 to 18). Remember what was changed so far; the counting
  -- function compares afterwards, see tally.moved_unseen.
  perform set_config('tally.moving_' || pg_trigger_depth() || '_' || tg_relid,
                     tally.heap_changes(tg_relid)::text, true);
  return null;
end
$function$;

comment on function tally.count_move() is
  'Trigger function before an UPDATE of a partition key: so that moves no trigger sees are noticed.';

create or replace function tally.moved_unseen(relation oid, seen bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_setting text := 'tally.moving_' || pg_trigger_depth() || '_' || relation;
  v_noted   bigint := current_setting(v_setting)::bigint;
begin
  -- Every row that an UPDATE changes or moves is in its transition table. Where more was changed
  -- than that, rows were moved by a MERGE (or changed by a trigger under way, which is rare
  -- enough to be taken for the same): what happened cannot be counted in place.
  perform set_config(v_setting, '', true);
  return tally.heap_changes(relation) - v_noted <> seen or current_setting('track_counts') = 'off';
end
$function$;

comment on function tally.moved_unseen(oid, bigint) is
  'Whether a statement on a partitioned source moved rows that its transition tables do not show.';
