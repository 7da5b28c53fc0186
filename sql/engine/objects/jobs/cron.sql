-- Neither a pinned search_path nor security definer: PostgreSQL allows no COMMIT in a procedure
-- that has either. Every name is qualified, and each step runs as the function it calls does.

create or replace procedure tally.cron()
language plpgsql
as $procedure$
begin
  -- What pg_cron calls. Where a server attends, its loops do all of it and this does nothing.
  perform tally.note_cron();
  commit;
  if pg_catalog.pg_try_advisory_xact_lock_shared(1952541804, 4) then
    commit;
    call tally.tick();
  end if;
end
$procedure$;

comment on procedure tally.cron() is
  'For pg_cron: call tally.tick() unless a server attends, which does the same all the time.';

create or replace function tally.note_cron()
returns void
language sql
security definer  -- whoever pg_cron runs as may not write tally.cron by itself
set search_path = pg_catalog, pg_temp
as $function$
  update tally.cron c set last_at = clock_timestamp();
  -- Where pg_cron lives in another database, its first call is how this one hears of it. Where it
  -- lives here tally.install_cron has noted it, and a late call puts back nothing.
  insert into tally.cron as c (installed_by, schedule, last_at)
  select session_user, 'called from another database', clock_timestamp()
  -- The latter in a background worker of it. Whoever tries it by hand has a name.
  where current_setting('application_name') in ('pg_cron', '')
    and not exists (select from pg_extension e where e.extname = 'pg_cron')
  on conflict on constraint cron_pkey do nothing
$function$;

comment on function tally.note_cron() is 'Notes that pg_cron has called, for tally.doctor.';
