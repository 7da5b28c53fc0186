-- Who is in the way? When create_counter or drop_counter ends with TL008 (could not be locked), a
-- migration waits, or dead rows pile up.
--
-- Reads: pg_locks, pg_stat_activity, pg_prepared_xacts, tally.sources. Writes nothing.
-- Then:  first answer: who holds a lock on a counted table that attaching a counter must wait for;
--        the oldest is the one to ask, or to end with select pg_terminate_backend(pid); a prepared
--        transaction with commit prepared or rollback prepared and its name.
--        For a table that is not counted yet: select pg_blocking_pids(pid) while it waits.
--        Second answer: sessions that wait for a lock right now, and for whom; 0 is a prepared one.
--        Third answer: what keeps dead rows from being removed, in the whole cluster.

select l.relation::regclass as counted_table,
       coalesce('pid ' || a.pid, 'prepared ' || x.gid) as who, a.application_name,
       coalesce(a.usename, x.owner) as usename, coalesce(a.state, 'prepared') as state,
       string_agg(l.mode, ', ' order by l.mode) as locks,
       now() - coalesce(a.xact_start, x.prepared) as open_for, left(a.query, 60) as last_statement
from tally.sources s
cross join lateral (
  select s.source::oid as oid
  union
  select t.relid from pg_partition_tree(s.source) t
) f
join pg_locks l on l.relation = f.oid and l.granted
  and l.database = (select b.oid from pg_database b where b.datname = current_database())
left join pg_stat_activity a on a.pid = l.pid
left join pg_locks o on l.pid is null and o.pid is null and o.locktype = 'transactionid'
  and o.virtualtransaction = l.virtualtransaction
left join pg_prepared_xacts x on x.transaction = o.transactionid
where l.mode not in ('AccessShareLock', 'RowShareLock') and l.pid is distinct from pg_backend_pid()
group by l.relation, a.pid, x.gid, a.application_name, coalesce(a.usename, x.owner), a.state,
         a.xact_start, x.prepared, a.query
order by coalesce(a.xact_start, x.prepared), l.relation::regclass::text;

select a.pid, a.application_name, a.wait_event_type || ': ' || a.wait_event as waits_for,
       pg_blocking_pids(a.pid) as blocked_by, now() - a.query_start as for_time,
       left(a.query, 60) as statement
from pg_stat_activity a
where a.datname = current_database() and cardinality(pg_blocking_pids(a.pid)) > 0
order by a.query_start;

select h.what, h.who, h.holds_back_transactions, h.since
from (
  select 'session' as what, format('pid %s %s', a.pid, a.application_name) as who,
         age(a.backend_xmin) as holds_back_transactions, a.xact_start as since
  from pg_stat_activity a
  where a.backend_xmin is not null and a.pid <> pg_backend_pid()
  union all
  select 'prepared transaction', format('%s in %s', x.gid, x.database), age(x.transaction),
         x.prepared
  from pg_prepared_xacts x
  union all
  select 'replication slot', r.slot_name::text, greatest(age(r.xmin), age(r.catalog_xmin)), null
  from pg_replication_slots r
  where r.xmin is not null or r.catalog_xmin is not null
) h
order by h.holds_back_transactions desc
limit 10;
