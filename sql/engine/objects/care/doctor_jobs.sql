create or replace function tally.doctor_expiry()
returns table ("check" text, status text, detail text, remedy text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $function$
declare
  v_rule   tally.expiries;
  v_failed bigint;
  v_due    timestamptz;
begin
  for v_rule in select e.* from tally.expiries e order by e.name loop
    "check" := format('expiry %s', v_rule.name);
    status := 'ok';
    detail := 'nothing is due';
    remedy := null;
    v_failed := (select count(*) from tally.expiry_failures f where f.expiry = v_rule.name);
    v_due := null;
    if v_rule.error is null then
      begin
        execute format('select tally.%I($1, $2)', tally.rule_function('next_expiry', v_rule.name))
          into v_due using tally.rule_source(v_rule.source), timestamptz '-infinity';
      exception when others or assert_failure then
        v_rule.error := tally.brief(sqlerrm);
      end;
      detail := coalesce('next due ' || date_trunc('second', v_due), detail);
    end if;
    if not exists (select from pg_class c where c.oid = v_rule.source) then
      status := 'fail';
      detail := format('its table is gone (oid %s)', v_rule.source::oid);
      remedy := format('select tally.drop_expiry(%L);', v_rule.name);
    elsif v_rule.error is not null then
      status := 'fail';
      detail := case when v_rule.stopped then 'stopped: ' else 'fails: ' end || v_rule.error;
      remedy := 'Mend what the error says, then call tally.create_expiry with the same words '
                'again.';
    elsif v_rule.made_by is distinct from tally.rule_version('expiry') then
      status := 'warn';
      detail := 'another version of pgtally wrote its functions';
      remedy := format('select * from tally.attach(%L);', v_rule.source);
    elsif v_failed > 0 then
      status := 'warn';
      detail := format('%s row(s) cannot be changed, such as: %s', v_failed,
        (select f.error from tally.expiry_failures f where f.expiry = v_rule.name
         order by f.attempts desc limit 1));
      remedy := format('A constraint or a trigger is against it; they are tried every five '
        'minutes. select relation::regclass, place, error from tally.expiry_failures where expiry = %L;',
        v_rule.name);
    elsif v_due < clock_timestamp() - interval '2 minutes' then
      status := 'warn';
      detail := format('rows are due since %s', date_trunc('second', v_due));
      remedy := 'Nobody works, or somebody keeps them locked: start a server, or call '
                'tally.tick();';
    end if;
    return next;
  end loop;
end
$function$;

comment on function tally.doctor_expiry() is 'Part of tally.doctor: the rules of expiry.';

create or replace function tally.doctor_jobs()
returns table ("check" text, status text, detail text, remedy text)
language sql
volatile
set search_path = pg_catalog, pg_temp
as $function$
  select format('retention %s', r.name),
         case when c.oid is null or v.is_given then 'fail' when v.is_old then 'warn' else 'ok' end,
         case when c.oid is null then format('its table is gone (oid %s)', r.source::oid)
              when v.is_given then format('%s has another owner by now, and the rule stands still',
                                          r.source)
              when v.is_old then 'another version of pgtally wrote its functions'
              else format('%s of %s are kept', r.keep, r.source) end,
         case when c.oid is null then format('select tally.drop_retention(%L);', r.name)
              when v.is_given then format('As %s: tally.create_retention with the same words again.',
                                          c.relowner::regrole)
              when v.is_old then format('select * from tally.attach(%L);', r.source) end
  from tally.retentions r
  left join pg_class c on c.oid = r.source
  cross join lateral (
    select r.made_by is distinct from tally.rule_version('retention') as is_old,
           exists (select from pg_proc p
                   where p.pronamespace = 'tally'::regnamespace and p.proowner <> c.relowner
                     and p.proname = tally.rule_function('run_retention', r.name)) as is_given) v
  union all
  select format('partitions of %s', p.source),
         case when c.oid is null or m.first < now() then 'fail' when m.months is null then 'ok'
              else 'warn' end,
         case when c.oid is null then format('its table is gone (oid %s)', p.source::oid)
              when m.months is null then format('made %s ahead', p.ahead)
              else 'missing: ' || m.months end,
         case when c.oid is null then format('select tally.drop_partitioning(%s);', p.source::oid)
              when m.months is not null then
           format('select tally.ensure_partitions(%L, %L); says why.', p.source, p.ahead) end
  from tally.partitionings p
  left join pg_class c on c.oid = p.source
  cross join lateral (select string_agg(m.month, ', ' order by m.low) as months, min(m.low) as first
                      from tally.missing_months(c.oid, p.ahead) m where c.oid is not null) m
  union all
  select format('job %s', j.name),
         case when j.failures >= 3 then 'fail'
              when j.failures > 0 or r.is_overdue or l.is_late then 'warn' else 'ok' end,
         case when j.failures > 0 then format('failed %s time(s): %s', j.failures, j.last_error)
              when r.is_overdue then format('runs since %s in pid %s, longer than its time limit',
                                            date_trunc('second', r.since), r.pid)
              when r.pid is not null then format('runs now, in pid %s', r.pid)
              when l.is_late then format('due since %s', date_trunc('second', j.next_at))
              when not j.enabled then 'not enabled'
              else concat_ws(', ', 'last ' || date_trunc('second', j.last_at) || ' in '
                                     || round(j.last_ms) || ' ms: ' || j.last_result,
                             'next ' || date_trunc('second', j.next_at)) end,
         case when j.failures > 0 then
                format('Mend that, then update tally.jobs set next_at = now() where name = %L;',
                       j.name)
              when r.is_overdue then format('select pg_cancel_backend(%s);', r.pid)
              when l.is_late then
                'Nobody runs jobs: start a server, select tally.install_cron();, or call '
                'tally.tick(); from cron.' end
  from tally.jobs j
  left join tally.running_jobs() r on r.name = j.name
  cross join lateral (
    -- Who has nothing but counters needs nobody to prune.
    select j.enabled and r.name is null and j.next_at < clock_timestamp() - interval '5 minutes'
           and exists (select from tally.jobs o where o.name <> 'prune') as is_late
  ) l
  union all
  select 'pg_cron',
         case when l.silent > interval '5 minutes' then 'fail'
              -- It has been told to call each minute at least.
              when c.last_at is null and l.silent > interval '2 minutes' then 'warn'
              else 'ok' end,
         format('%s, %s', c.schedule,
                coalesce('last called ' || date_trunc('second', c.last_at),
                         'never called since ' || date_trunc('second', c.installed_at))),
         case when l.silent > interval '5 minutes'
                   or c.last_at is null and l.silent > interval '2 minutes'
              then
           'Its scheduler does not run, its calls fail, or its jobs are gone: in the database that it '
           'lives in see select * from cron.job; and select * from cron.job_run_details order by '
           'runid desc limit 5; with passwords, cron.use_background_workers = on is needed. Or '
           'select tally.uninstall_cron();' end
  from tally.cron c
  cross join lateral (select clock_timestamp() - coalesce(c.last_at, c.installed_at) as silent) l
$function$;

comment on function tally.doctor_jobs() is
  'Part of tally.doctor: retention, partitions, jobs and who runs them.';
