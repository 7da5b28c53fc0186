-- How large are tally's tables, and does autovacuum keep up? When the disk fills, or reads are slow.
--
-- Reads: pg_class, pg_stat_user_tables. Writes nothing.
-- Then:  dead_rows far above live_rows in deltas: something holds back old rows (who-blocks.sql);
--        once it is gone: vacuum tally.deltas, tally.totals, tally.pulses; reads and folds step
--        over dead rows by index, so they stay fast meanwhile: it is disk space that is at stake.
--        totals has a row per counter and scope: that many live rows are what was asked for.
--        Space that a long outage left behind: vacuum (full) tally.deltas; writers of counted
--        tables and readers of counters wait while it runs, so in a quiet moment.

select c.relname as name, pg_size_pretty(pg_total_relation_size(c.oid)) as total,
       pg_size_pretty(pg_table_size(c.oid)) as rows_only,
       pg_size_pretty(pg_indexes_size(c.oid)) as indexes,
       u.n_live_tup as live_rows, u.n_dead_tup as dead_rows,
       greatest(u.last_autovacuum, u.last_vacuum) as last_vacuum,
       u.autovacuum_count + u.vacuum_count as vacuums,
       array_to_string(c.reloptions, ', ') as storage
from pg_class c
left join pg_stat_user_tables u on u.relid = c.oid
where c.relnamespace = 'tally'::regnamespace and c.relkind = 'r'
order by pg_total_relation_size(c.oid) desc, c.relname;

select d.name, count(*) as scopes, max(octet_length(t.scope)) as longest_scope_bytes
from tally.totals t
left join tally.definitions d on d.id = t.counter
group by d.name
order by count(*) desc, d.name
limit 20;
