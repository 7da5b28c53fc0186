create or replace function tally.holders(relation regclass)
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  -- In words, for an error's detail. A prepared transaction has no pid; its own lock names it.
  select coalesce('Held by ' || string_agg(h.who, '; ' order by h.who), 'Nobody holds it any more.')
  from (
    select distinct case
             when a.state is not null then
               format('pid %s (%s, %s since %s)', a.pid,
                      coalesce(nullif(a.application_name, ''), 'no name'), a.state,
                      date_trunc('second', a.xact_start))
             when x.gid is not null then
               format('the prepared transaction %L, since %s', x.gid,
                      date_trunc('second', x.prepared))
             -- Whose session it is, this role may not see.
             else coalesce('pid ' || l.pid, 'a session of somebody else') end as who
    from pg_locks l
    left join pg_stat_activity a on a.pid = l.pid
    left join pg_locks o on l.pid is null and o.pid is null and o.locktype = 'transactionid'
                        and o.virtualtransaction = l.virtualtransaction
    left join pg_prepared_xacts x on x.transaction = o.transactionid
    where l.locktype = 'relation' and l.relation = holders.relation and l.granted
      and l.pid is distinct from pg_backend_pid()
  ) h
$function$;

comment on function tally.holders(regclass) is
  'Who holds a lock on a table that writing or declaring may have to wait for.';
