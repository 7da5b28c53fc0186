-- What runs on a schedule.

set local role tally_owner;

create table tally.jobs (
  name          text constraint jobs_pkey primary key
                constraint jobs_name check (name ~ '^[a-z][a-z0-9_ .:-]{0,199}$'),
  command       text not null,
  every         interval not null
                constraint jobs_every check (every >= interval '1 second'),
  time_limit    interval not null default '10 minutes'
                constraint jobs_time_limit check (time_limit >= interval '1 second'),
  enabled       boolean not null default true,
  next_at       timestamptz not null default pg_catalog.now(),
  last_at       timestamptz,
  last_ms       real,
  last_result   text,
  last_error    text,
  failures      integer not null default 0
);
create index jobs_next_at on tally.jobs (next_at) where enabled;
comment on table tally.jobs is
  'What runs on a schedule, one row each. A DBA may change every, time_limit, enabled and '
  'next_at, and add rows: commands run as tally_owner.';
comment on column tally.jobs.command is
  'One SQL statement, run as tally_owner. What a SELECT returns first is kept in last_result.';
comment on column tally.jobs.every is
  'How often. What was missed while nobody ran jobs is made up for once, not once for each time.';
comment on column tally.jobs.time_limit is
  'A job that takes longer is cancelled by the next session that looks: see '
  'tally.cancel_overdue_jobs().';
comment on column tally.jobs.next_at is
  'When it is due. Set it, and every = ''1 day'', to have it run at that time of the day (UTC).';
comment on column tally.jobs.last_at is 'When it last began.';
comment on column tally.jobs.last_ms is 'How long that took, in milliseconds.';
comment on column tally.jobs.last_result is 'What it answered; NULL when it failed.';
comment on column tally.jobs.last_error is 'Why it failed, the last time that it ran; else NULL.';
comment on column tally.jobs.failures is
  'How often in a row it failed: it is tried again later and later, and never later than every.';
insert into tally.jobs (name, command, every, next_at)
values ('prune', 'select tally.prune()', '1 day', pg_catalog.now() + interval '1 hour');

create table tally.cron (
  only_row     boolean not null default true
               constraint cron_pkey primary key
               constraint cron_only_row check (only_row),
  installed_at timestamptz not null default pg_catalog.now(),
  installed_by text not null,
  schedule     text not null,
  last_at      timestamptz
);
comment on table tally.cron is 'One row while tally.install_cron() has handed the schedule to '
                               'pg_cron.';
comment on column tally.cron.schedule is 'As pg_cron was told.';
comment on column tally.cron.last_at is 'When pg_cron last called.';

reset role;
