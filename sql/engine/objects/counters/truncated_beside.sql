create or replace function tally.truncated_beside(relation oid, trigger name)
returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $function$
  -- Called by the trigger before a TRUNCATE of a partition: whether a BEFORE TRUNCATE trigger of
  -- the application comes later, which may change rows that were counted as gone. Of the same
  -- table by its name, or of another one that the statement truncates too, which is locked by now.
  -- Those of the tables above have run: they are truncated with all their partitions, and first.
  select exists (
    select from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    where t.tgtype & 34 = 34  -- before, truncate
      and t.tgenabled = any (case current_setting('session_replication_role')
                               when 'replica' then '{R,A}' else '{O,A}' end::"char"[])
      and p.pronamespace <> 'tally'::regnamespace
      and case
            when t.tgrelid = truncated_beside.relation then t.tgname > truncated_beside.trigger
            else t.tgrelid in (select l.relation from pg_locks l
                               where l.pid = pg_backend_pid() and l.locktype = 'relation'
                                 and l.mode = 'AccessExclusiveLock')
                 and t.tgrelid not in (select a.relid
                                       from pg_partition_ancestors(truncated_beside.relation) a)
          end)
$function$;

comment on function tally.truncated_beside(oid, name) is
  'Whether a trigger of the application may change rows of a table after its TRUNCATE was counted.';
