-- The pulse's trail, the requests for a fold at commit, and what verify found.

set local role tally_owner;

create table tally.pulses (
  pulse      bigint constraint pulses_pkey primary key,
  at         timestamptz not null default pg_catalog.clock_timestamp(),
  folded     integer not null,
  announced  integer not null,
  took_ms    real not null,
  seen       xid8 not null,
  also       xid8[] not null,
  written_by xid not null,
  timeline   text not null default pg_catalog.left(
               pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8),
  stats_reset timestamptz default (pg_catalog.pg_stat_get_archiver()).stats_reset
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off);
comment on table tally.pulses is
  'The last pulses, newest last. A row each, never an update: an old snapshot that keeps dead '
  'versions alive would make one row slower to read with every beat.';
comment on column tally.pulses.folded is 'Deltas folded.';
comment on column tally.pulses.announced is 'Topics announced.';
comment on column tally.pulses.took_ms is 'Milliseconds from its first look to its announcement.';
comment on column tally.pulses.seen is
  'The fold''s snapshot saw every transaction below this one, but for those in also.';
comment on column tally.pulses.also is
  'Transactions below seen that were still running, and the fold''s own.';
comment on column tally.pulses.written_by is
  'The row''s own xmin. It differs after a restore into another cluster, whose transaction '
  'numbers have another meaning: then seen is not believed.';
comment on column tally.pulses.timeline is
  'Of the WAL that has it. After a failover or a restore it is another one, and pulses that were '
  'announced may be missing: see tally.next_pulse.';
comment on column tally.pulses.stats_reset is
  'Of the archiver, which a crash resets: as timeline. Compared, not put in order: the clock of the '
  'crash may have been ahead. NULL: nobody ever reset them.';
insert into tally.pulses (pulse, folded, announced, took_ms, seen, also, written_by)
values (0, 0, 0, 0, '0', '{}', pg_catalog.pg_current_xact_id()::xid);

create table tally.turns (
  name text constraint turns_pkey primary key
       constraint turns_name check (name in ('fold', 'number'))
);
comment on table tally.turns is
  'Two rows that are only ever locked, to the end of a transaction: by whoever folds, and by whoever '
  'takes a pulse''s number. Rows, because an advisory lock can be held by anybody who can log in.';
insert into tally.turns (name) values ('fold'), ('number');

create table tally.fold_requests (
  requested_at timestamptz not null default pg_catalog.clock_timestamp(),
  put_off_at   timestamptz
);
comment on table tally.fold_requests is
  'A row inserted here makes its transaction fold at its commit, by a deferred trigger, '
  'and is gone again before the commit ends.';

create table tally.verifications (
  counter     bigint constraint verifications_pkey primary key,
  verified_at timestamptz not null,
  differences bigint not null
);
comment on table tally.verifications is 'What tally.verify last found, for tally.doctor.';

reset role;
