create or replace function tally.ask_for_fold()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_fold_at integer;
begin
  -- A counting trigger found nobody to ring, and drew a lot: one in a thousand deltas. If really
  -- nobody pulses, this transaction folds at its own commit, so that what is pending stays
  -- bounded. Not at once: its locks would last as long as the transaction.
  select s.fold_at into v_fold_at from tally.settings s where s.doorbell;
  if coalesce(v_fold_at, 0) = 0
     or current_setting('transaction_isolation') not in ('read committed', 'read uncommitted')
     or (v_fold_at > 1000 and random() * v_fold_at >= 1000) then
    return;
  end if;
  -- Much is pending: that takes seconds, and is a job's business, not a bystander's commit.
  if exists (select from tally.pending offset 100000) then
    return;
  end if;
  -- In one expression: ended between two, the session would keep the lock.
  if pg_try_advisory_lock(1952541804, 4) and pg_advisory_unlock(1952541804, 4) then
    insert into tally.fold_requests default values;
  end if;
end
$function$;

comment on function tally.ask_for_fold() is
  'Called by counting triggers now and then: has this transaction fold at its commit if nobody '
  'pulses.';

create or replace function tally.fold_at_commit()
returns trigger
language plpgsql
security definer  -- a writer has no right on tally
set search_path = pg_catalog, pg_temp
as $function$
begin
  -- Runs as the commit begins. Whatever goes wrong in it is not the writer's business: the
  -- deltas stay pending, and the next one tries again. Within another trigger it is not the
  -- commit: then the writer has said set constraints all immediate.
  if pg_trigger_depth() > 1 then
    return null;
  end if;
  -- Said afterwards, it has this run too. What is put off then waits for the commit, and within the
  -- commit it comes at once, in the same statement.
  if new.put_off_at is distinct from statement_timestamp() then
    set constraints tally.fold_at_commit deferred;
    insert into tally.fold_requests (put_off_at) values (statement_timestamp());
    return null;
  end if;
  delete from tally.fold_requests f
  where f.ctid in (select o.ctid from tally.fold_requests o for update skip locked);
  -- Nor does it wait: for a number, where somebody is taking one, the next one may.
  if tally.take_turn('number') then
    perform tally.pulse();
  end if;
  perform tally.collect_marks() where not exists (select from tally.pending_marks offset 100000);
  return null;
exception when query_canceled or others or assert_failure then
  raise log 'tally.fold_at_commit: %', sqlerrm;
  return null;
end
$function$;

comment on function tally.fold_at_commit() is
  'Trigger function of tally.fold_requests: the writer''s own fold, while nobody pulses, and of marks '
  'what is left of them when each document stands there once.';


do $block$
begin
  if not exists (select from pg_catalog.pg_trigger t
                 where t.tgrelid = 'tally.fold_requests'::pg_catalog.regclass
                   and t.tgname = 'fold_at_commit') then
    create constraint trigger fold_at_commit after insert on tally.fold_requests
      deferrable initially deferred
      for each row execute function tally.fold_at_commit();
  end if;
end
$block$;
comment on trigger fold_at_commit on tally.fold_requests is
  'Deferred: it runs as the commit begins, so that a fold''s locks last no longer than that.';
