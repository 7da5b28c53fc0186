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

create or replace function tally.move_setting(kind text, relation oid)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select format('tally.%s_moving_%s_%s', kind, pg_trigger_depth(), relation)
$function$;

comment on function tally.move_setting(text, oid) is
  'The setting that says where in tally.moves the statement under way has its row. It only saves '
  'looking for it: who writes another place into it is not believed.';

create or replace function tally.note_move(kind text, relation oid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_setting text := tally.move_setting(kind, relation);
  v_place   tid;
begin
  insert into tally.moves (kind, relation, depth, changes, before)
  values (note_move.kind, note_move.relation, pg_trigger_depth(),
          tally.heap_changes(note_move.relation), current_setting(v_setting, true))
  returning ctid into v_place;
  perform set_config(v_setting, v_place::text, true);
end
$function$;

comment on function tally.note_move(text, oid) is
  'Before a statement that sets a partition key: notes what this transaction had changed until then.';

create or replace function tally.noted_move(kind text, relation oid, out place tid, out changes bigint)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_setting text := current_setting(tally.move_setting(kind, relation), true);
begin
  -- By its place, so that SERIALIZABLE writers do not read what others write.
  if v_setting ~ '^[(][0-9]{1,9},[0-9]{1,4}[)]$' then
    select m.ctid, m.changes into place, changes
    from tally.moves m
    where m.ctid = v_setting::tid and m.xid = pg_current_xact_id_if_assigned()
      and m.kind = noted_move.kind and m.relation = noted_move.relation
      and m.depth = pg_trigger_depth();
    if found then
      return;
    end if;
  end if;
  -- Somebody has written the setting, or there is none. Of statements around each other the innermost
  -- began last.
  select m.ctid, m.changes into place, changes
  from tally.moves m
  where m.xid = pg_current_xact_id_if_assigned()
    and m.kind = noted_move.kind and m.relation = noted_move.relation
    and m.depth = pg_trigger_depth()
  order by m.changes desc
  limit 1;
end
$function$;

comment on function tally.noted_move(text, oid) is
  'The row in tally.moves of the statement under way, or NULL where it sets no partition key.';

create or replace function tally.forget_move(kind text, relation oid)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_place  tid := (tally.noted_move(kind, relation)).place;
  v_before text;
begin
  delete from tally.moves m where m.ctid = v_place returning m.before into v_before;
  perform set_config(tally.move_setting(kind, relation), coalesce(v_before, ''), true);
  return v_place is not null;
end
$function$;

comment on function tally.forget_move(text, oid) is
  'At the end of a statement that set a partition key: whether it had been noted at its beginning.';

create or replace function tally.moved_unseen(kind text, relation oid, seen bigint)
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_noted bigint := (tally.noted_move(kind, relation)).changes;
begin
  -- Every row that an UPDATE changes or moves is in its transition table. Where more was changed
  -- than that, rows were moved by a MERGE (or changed by a trigger under way, which is rare
  -- enough to be taken for the same): what happened cannot be counted in place.
  return v_noted is not null
         and (tally.heap_changes(relation) - v_noted <> seen
              or current_setting('track_counts') = 'off');
end
$function$;

comment on function tally.moved_unseen(text, oid, bigint) is
  'Whether a statement on a partitioned table moved rows that its transition tables do not show.';

create or replace function tally.looks_for_moves(kind text)
returns text
language sql
immutable
set search_path = pg_catalog, pg_temp
as $function$
  -- Two looks into this session's own figures: what nobody can write who may not write tally.moves.
  select format(
$body$(pg_stat_get_xact_tuples_inserted('tally.moves'::regclass)
        <> pg_stat_get_xact_tuples_deleted('tally.moves'::regclass)
      or current_setting('track_counts') = 'off')
     and tally.moved_unseen('%s', tg_relid, (select count(*) from tally_old))$body$, kind)
$function$;

comment on function tally.looks_for_moves(text) is
  'Text for generated functions: the condition on which rows were moved unseen.';

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
  perform tally.note_move('count', tg_relid);
  return null;
end
$function$;

comment on function tally.count_move() is
  'Trigger function before an UPDATE of a partition key: so that moves no trigger sees are noticed.';

create or replace function tally.count_updated()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- After the counting function, and only where the key was set. A statement of several parts fires
  -- its BEFORE triggers for the first part alone: then nothing was noted, and nothing is known.
  if not tally.forget_move('count', tg_relid) then
    perform tally.stop_counter(d.id, 'rows may have moved to another partition unseen')
    from tally.definitions d
    where d.source = coalesce(pg_partition_root(tg_relid), tg_relid::regclass);
  end if;
  return null;
end
$function$;

comment on function tally.count_updated() is
  'Trigger function after an UPDATE of a partition key: ends what tally.count_move began.';
