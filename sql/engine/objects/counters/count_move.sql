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

create or replace function tally.move_setting(kind text, root oid)
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  select format('tally.%s_moving_%s_%s', kind, pg_trigger_depth(), root)
$function$;

comment on function tally.move_setting(text, oid) is
  'The setting that says where in tally.moves the statement under way has its row. It only saves '
  'looking for it: who writes another place into it is not believed.';

create or replace function tally.may_have_moves()
returns boolean
language sql
stable
as $function$
  -- No search_path, so that it is evaluated in place: all is qualified instead. From this
  -- session's own figures of late, which nobody can write who may not write tally.moves.
  select pg_catalog.pg_stat_get_xact_tuples_inserted('tally.moves'::pg_catalog.regclass)
           operator(pg_catalog.>) 0
      or pg_catalog.current_setting('track_counts') operator(pg_catalog.=) 'off'
$function$;

comment on function tally.may_have_moves() is
  'Whether this transaction can have a row in tally.moves: two looks in memory.';

create or replace function tally.noted_move(kind text, root oid)
returns tid
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_setting text := current_setting(tally.move_setting(kind, root), true);
  v_place   tid;
begin
  -- By its place, so that SERIALIZABLE writers do not read what others write.
  if v_setting ~ '^[(][0-9]{1,9},[0-9]{1,4}[)]$' then
    select m.ctid into v_place
    from tally.moves m
    where m.ctid = v_setting::tid and m.xid = pg_current_xact_id_if_assigned()
      and m.kind = noted_move.kind and m.relation = root and m.depth = pg_trigger_depth();
  end if;
  if v_place is null and tally.may_have_moves() then
    -- Somebody has written the setting, or there is none.
    select m.ctid into v_place
    from tally.moves m
    where m.xid = pg_current_xact_id_if_assigned()
      and m.kind = noted_move.kind and m.relation = root and m.depth = pg_trigger_depth();
  end if;
  return v_place;
end
$function$;

comment on function tally.noted_move(text, oid) is
  'Where in tally.moves the statement under way has its row; NULL: no partition key has changed.';

create or replace function tally.note_move(kind text, relation oid)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_root  oid := coalesce(pg_partition_root(relation), relation);
  v_place tid;
begin
  -- Once for a statement, however many rows it moves.
  if tally.noted_move(kind, v_root) is null then
    insert into tally.moves (kind, relation, depth, changes)
    values (note_move.kind, v_root, pg_trigger_depth(), tally.heap_changes(v_root))
    returning ctid into v_place;
    perform set_config(tally.move_setting(kind, v_root), v_place::text, true);
  end if;
end
$function$;

comment on function tally.note_move(text, oid) is
  'Before the first row of a statement whose partition key changes: notes what this transaction had '
  'changed until then.';

create or replace function tally.take_move(kind text, relation oid)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_root    oid := coalesce(pg_partition_root(relation), relation);
  v_place   tid := tally.noted_move(kind, v_root);
  v_changes bigint;
begin
  if v_place is null then
    return null;
  end if;
  delete from tally.moves m where m.ctid = v_place returning m.changes into v_changes;
  perform set_config(tally.move_setting(kind, v_root), '', true);
  return case when current_setting('track_counts') = 'off' then -1
              else coalesce(tally.heap_changes(v_root) - v_changes, -1) end;
end
$function$;

comment on function tally.take_move(text, oid) is
  'At the end of an UPDATE or MERGE: how many rows of the table this transaction has updated or removed '
  'since the first row whose partition key changed, which it forgets. NULL: none did. -1: not known.';

create or replace function tally.count_key()
returns trigger
language plpgsql
security definer  -- writers of the source need no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  perform tally.note_move('count', tg_relid);
  return new;
end
$function$;

comment on function tally.count_key() is
  'Trigger function before a row is updated whose partition key changes, by whatever part of whatever '
  'statement: so that moves which no statement trigger sees are noticed.';
