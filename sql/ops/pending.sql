-- What waits to be folded, and why? When tally.status shows many pending deltas, or old ones.
--
-- Reads: tally.pending, pg_locks, pg_stat_activity, pg_prepared_xacts. Writes nothing.
-- Then:  what is pending is committed and counted: numbers are exact. It only waits for a pulse.
--        No session in the second answer: nobody pulses; call tally.tick(); or `pgtally pulse`.
--        A session there in state "idle in transaction": it called tally.pulse() and did not
--        commit; end it, or select pg_terminate_backend(pid). Third answer: transactions that have
--        counted and not committed, the oldest first; they become pending when they commit.

select d.name, count(*) as pending, count(distinct p.scope) as scopes, sum(p.delta) as net,
       min(p.xid) as oldest_xid, max(p.xid) as newest_xid
from tally.pending p
left join tally.definitions d on d.id = p.counter
group by d.name
order by count(*) desc, d.name;

select a.pid, case h.name when 'fold' then 'folds' else 'takes a pulse number' end as what,
       a.application_name, a.state, a.xact_start, now() - a.xact_start as open_for
from tally.turn_holders h
join pg_stat_activity a on a.pid = h.pid
union all
select a.pid, case l.objid when 3 then 'sleeps until a writer rings' else 'attends' end,
       a.application_name, a.state, a.xact_start, now() - a.xact_start as open_for
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.classid = 1952541804 and l.objid in (3, 4) and l.granted
  and l.mode = 'ExclusiveLock'
  and l.database = (select b.oid from pg_database b where b.datname = current_database())
order by what desc, pid;

select a.pid::text as pid_or_gid, a.application_name as what, a.state, a.xact_start as since,
       now() - a.xact_start as open_for, left(a.query, 60) as last_statement
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.relation = 'tally.deltas'::regclass and l.mode = 'RowExclusiveLock' and l.granted
  and a.pid <> pg_backend_pid()
  and l.database = (select b.oid from pg_database b where b.datname = current_database())
union all
select x.gid, 'prepared transaction of ' || x.owner, 'prepared', x.prepared, now() - x.prepared,
       'COMMIT PREPARED or ROLLBACK PREPARED'
from pg_prepared_xacts x
where x.database = current_database()
order by since;
