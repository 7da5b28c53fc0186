create or replace function tally.announce_documents()
returns trigger
language plpgsql
security definer  -- a reader who built has no right on these tables
set search_path = pg_catalog, pg_temp
set enable_seqscan = off  -- whatever statistics say of tables that empty themselves all the time
set jit = off  -- a scan that cannot be avoided is priced so high that it would be compiled
as $function$
declare
  v_pulse   bigint;
  v_changes text[];
  v_xmin    xid;
begin
  -- Runs as the commit begins, once for each transaction, however many documents it changed and
  -- however long it was open: a number that was taken earlier would stop every pulse until then.
  -- Whether the commit has begun cannot be asked: SET CONSTRAINTS ALL IMMEDIATE has it run too. What
  -- is put off then waits for the commit, and within the commit it comes at once, in the same
  -- statement.
  if new.put_off_at is distinct from statement_timestamp() then
    set constraints tally.announce_at_commit deferred;
    insert into tally.announcements (summary, scope, is_first, put_off_at)
    values (new.summary, new.scope, true, statement_timestamp());
    return null;
  end if;
  v_pulse := tally.next_pulse();
  with mine as (
    delete from tally.announcements a
    where a.xid = pg_current_xact_id()
    returning a.summary, a.scope
  ), numbered as (
    update tally.documents d
    set version = v_pulse
    from (select distinct m.summary, m.scope from mine m) k
    cross join lateral (
      -- Each by itself: a join, planned while there was one row, reads all of them for each.
      select o.ctid as place from tally.documents o
      where o.summary = k.summary and o.scope = k.scope offset 0
    ) p
    where d.ctid = p.place
    returning d.summary, d.scope
  )
  select array_agg(format('["%s",%s]', s.name, to_json(n.scope)) order by s.name, n.scope)
  into v_changes
  from numbered n
  join tally.summary_definitions s on s.id = n.summary;
  if v_changes is null then
    return null;  -- the summary was dropped in the same transaction
  end if;

  -- Nothing was folded: so the row says what the last fold's row said, as of now, when nobody can
  -- fold before this commits. A row without that would have the next fold, and every reader, look
  -- for pending deltas from the wrong place.
  insert into tally.pulses (pulse, folded, announced, took_ms, seen, also, written_by)
  select v_pulse, 0, cardinality(v_changes), 0, f.seen, f.also, pg_current_xact_id()::xid
  from tally.fold_point f
  returning xmin into v_xmin;
  if v_xmin <> pg_current_xact_id()::xid then
    -- In a subtransaction the row has another number than the transaction.
    update tally.pulses p set written_by = v_xmin where p.pulse = v_pulse;
  end if;
  delete from tally.pulses p
  where p.pulse = v_pulse - (select s.keep_pulses from tally.settings s);
  perform tally.announce(v_pulse, v_changes);
  return null;
end
$function$;

comment on function tally.announce_documents() is
  'Trigger function of tally.announcements: gives what this transaction built its number, and '
  'announces it.';

do $block$
begin
  if not exists (select from pg_catalog.pg_trigger t
                 where t.tgrelid = 'tally.announcements'::pg_catalog.regclass
                   and t.tgname = 'announce_at_commit') then
    create constraint trigger announce_at_commit after insert on tally.announcements
      deferrable initially deferred
      for each row when (new.is_first) execute function tally.announce_documents();
  end if;
end
$block$;
comment on trigger announce_at_commit on tally.announcements is
  'Deferred: it runs as the commit begins, so that the number''s lock lasts no longer than that.';
