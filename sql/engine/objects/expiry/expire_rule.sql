create or replace function tally.expire_rule(name text, batch integer)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule     tally.expiries;
  v_failed   record;
  v_tables   oid[];
  v_rows     tid[];
  v_versions bigint[];
  v_changed  bigint;
  v_gone     bigint[];
  v_errors   text[];
  v_such     record;
  v_held     boolean;
begin
  -- One batch of one rule. Whatever goes wrong is recorded, and is tried again later and later,
  -- from a second up to five minutes; no other rule hears of it.
  select e.* into v_rule from tally.expiries e
  where e.name = expire_rule.name and not e.stopped
    -- Later than it can have been set: the clock was put back.
    and (e.again_at is null or e.again_at <= clock_timestamp()
         or e.again_at > clock_timestamp() + interval '10 minutes');
  if not found then
    return 0;
  end if;
  -- In another file (CLUSTER, VACUUM FULL) another row may lie at the same place, and have been
  -- written by the same transaction.
  select array_agg(f.relation) as tables, array_agg(f.place) as rows,
         array_agg(f.version) as versions,
         array_agg(f.again_at > clock_timestamp()
                   and f.again_at < clock_timestamp() + interval '10 minutes') as waits
  into v_failed
  from tally.expiry_failures f
  where f.expiry = expire_rule.name and f.file = pg_relation_filenode(f.relation);
  execute format('select r.changed, r.gone, r.tables, r.rows, r.versions, r.errors '
                 'from tally.%I($1, $2, $3, $4, $5, $6) r', tally.rule_function('run_expiry', name))
    into v_changed, v_gone, v_tables, v_rows, v_versions, v_errors
    using tally.rule_source(v_rule.source), batch, v_failed.tables, v_failed.rows,
          v_failed.versions, v_failed.waits;
  -- Forgotten, so that nobody waits for what is gone or warns of it. What another session has in
  -- hand is left to it.
  delete from tally.expiry_failures f
  where f.ctid in (
    select o.ctid from tally.expiry_failures o
    where o.expiry = expire_rule.name
      and (o.file is distinct from pg_relation_filenode(o.relation)
           or (o.relation, o.place, o.version) in (
             select v_failed.tables[g.n], v_failed.rows[g.n], v_failed.versions[g.n]
             from unnest(v_gone) g (n)))
    for update skip locked);
  v_held := found;
  if v_rows is not null then
    v_held := true;
    insert into tally.expiry_failures as f
      (expiry, relation, file, place, version, attempts, error, again_at)
    select expire_rule.name, k.t, pg_relation_filenode(k.t), k.r, k.x, 1, tally.brief(k.error),
           clock_timestamp() + interval '1 second'
    from unnest(v_tables, v_rows, v_versions, v_errors) k (t, r, x, error)
    on conflict on constraint expiry_failures_pkey do update
      set attempts = f.attempts + 1, error = excluded.error, file = excluded.file,
          again_at = clock_timestamp() + tally.backoff(f.attempts + 1);
    -- Each row's reason is with it. The warning has the most frequent one, and stays one line.
    select e.error, count(*) over () - 1 as others into v_such
    from unnest(v_errors) e (error) group by e.error order by count(*) desc, e.error limit 1;
    raise warning using errcode = 'TL039',
      message = format('expiry "%s": %s row(s) of %s could not be changed%s: %s', name,
                       cardinality(v_rows), v_rule.source,
                       case when v_such.others > 0
                         then format(', for %s reasons, such as', v_such.others + 1) else '' end,
                       tally.brief(v_such.error));
  end if;
  if v_rule.error is not null then
    update tally.expiries e set error = null, attempts = 0, again_at = null
    where e.ctid in (select o.ctid from tally.expiries o
                     where o.name = expire_rule.name for update skip locked);
    v_held := v_held or found;
  end if;
  perform set_config('tally.holds_rows', 'on', true) where v_held;  -- see tally.work_knowing
  return v_changed;
exception when others or assert_failure then
  -- Not a cancel, nor a time limit of the caller's: those are no failure of the rule. A table that
  -- is locked may be free the next moment, and all its rows wait for it: so it is tried each second.
  update tally.expiries e
  set error = tally.brief(sqlerrm), stopped = sqlstate = 'TL033', attempts = e.attempts + 1,
      again_at = clock_timestamp() + case when sqlstate = '55P03' then interval '1 second'
                                          else tally.backoff(e.attempts + 1) end
  where e.ctid in (select o.ctid from tally.expiries o
                   where o.name = expire_rule.name for update skip locked);
  perform set_config('tally.holds_rows', 'on', true) where found;
  raise warning using errcode = 'TL039',
    message = format('expiry "%s" failed: %s', name, tally.brief(sqlerrm));
  return 0;
end
$function$;

comment on function tally.expire_rule(text, integer) is
  'Changes what is due for one rule; how many rows. A failure is recorded and harms no other rule.';
