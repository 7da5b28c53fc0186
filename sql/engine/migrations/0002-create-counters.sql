-- What a counter is, what it stands at, and what was counted since.

set local role tally_owner;

create table tally.settings (
  only_row         boolean not null default true
                   constraint settings_pkey primary key
                   constraint settings_only_row check (only_row),
  doorbell         boolean not null default true,
  fold_at          integer not null default 1000
                   constraint settings_fold_at check (fold_at between 0 and 1000000),
  attach_wait      interval not null default '30 seconds'
                   constraint settings_attach_wait
                     check (attach_wait between interval '0' and interval '1 hour'),
  keep_pulses      integer not null default 1000
                   constraint settings_keep_pulses check (keep_pulses between 10 and 100000)
);
comment on table tally.settings is 'One row: what a DBA may set. Change it with UPDATE.';
comment on column tally.settings.only_row is 'Keeps it to one row.';
comment on column tally.settings.doorbell is
  'Writers wake a sleeping pulse by NOTIFY. Off for applications that use PREPARE TRANSACTION, '
  'which NOTIFY and a fold at commit would break: the pulse then beats by its own clock.';
comment on column tally.settings.fold_at is
  'While nobody pulses, a writer folds at its own commit about once in this many deltas, so that '
  'pending deltas stay bounded. 0: never; then a job must call tally.tick().';
comment on column tally.settings.attach_wait is
  'How long create_counter and drop_counter keep trying to lock the source, 100 ms at a time.';
comment on column tally.settings.keep_pulses is 'How many rows of tally.pulses are kept.';
insert into tally.settings default values;

create table tally.sources (
  source regclass constraint sources_pkey primary key,
  slug   text not null
         constraint sources_slug_key unique
         constraint sources_slug check (slug ~ '^[a-z0-9_]{1,45}$')
);
comment on table tally.sources is 'The tables whose rows are counted.';
comment on column tally.sources.slug is
  'Names the source''s generated trigger functions: tally.count_<slug>_insert and so on.';

create table tally.definitions (
  id            bigint constraint definitions_pkey primary key,
  name          text not null
                constraint definitions_name_key unique
                constraint definitions_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  source        regclass not null
                constraint definitions_source_fkey references tally.sources on delete restrict,
  filter        text,
  scope         text,
  amount        text,
  audience      text not null
                constraint definitions_audience
                  check (audience ~ '^(private|public|owner|role:[A-Za-z0-9_.-]{1,63})$'),
  ranked        boolean not null,
  filter_sql    text not null,
  scope_sql     text not null,
  amount_sql    text not null,
  by_settings   smallint not null,
  calls         boolean not null,
  columns       name[] not null,
  created_at    timestamptz not null default pg_catalog.now(),
  created_by    text not null,
  filled_at     timestamptz,
  announce_from bigint,
  fill_error    text,
  fill_attempts integer not null default 0,
  fill_again_at timestamptz
);
create index definitions_source on tally.definitions (source);
create index definitions_late on tally.definitions (id) where announce_from is not null;
comment on table tally.definitions is
  'One row per counter. Made by tally.create_counter; read it as tally.counter_definitions.';
comment on column tally.definitions.id is
  'The first 64 bits of md5(name): it means the same in every database.';
comment on column tally.definitions.filter_sql is
  'filter as Postgres reads it back, every name qualified: what the trigger functions run.';
comment on column tally.definitions.scope_sql is 'scope cast to text, likewise; '''' without one.';
comment on column tally.definitions.amount_sql is 'amount as a whole number, likewise; or 1.';
comment on column tally.definitions.by_settings is
  'Which settings its expressions may depend on: 0 none; 1 those by which PostgreSQL shows and reads '
  'values (a date as text, say), which its trigger functions pin; 2 also timezone_abbreviations and '
  'what else a function may look at.';
comment on column tally.definitions.calls is
  'An expression calls what is not PostgreSQL''s own, which may fail as it runs: it is tried with '
  'each row before anything is written.';
comment on column tally.definitions.columns is 'The columns of source that the expressions use.';
comment on column tally.definitions.announce_from is
  'Set by a fill: the next pulse announces whatever changed after this pulse while unread.';
comment on index tally.definitions_late is 'For the pulse, which asks for these at each beat.';
comment on column tally.definitions.fill_error is 'Why the last fill failed.';
comment on column tally.definitions.fill_again_at is 'When tally.work tries the fill again.';

create table tally.fill_requests (
  counter      bigint not null,
  reason       text not null,
  pulse        bigint not null,
  requested_at timestamptz not null default pg_catalog.clock_timestamp(),
  xid          xid8 not null default pg_catalog.pg_current_xact_id()
);
create index fill_requests_counter on tally.fill_requests (counter);
comment on table tally.fill_requests is
  'A counter with a row here is not readable until it is filled. Append-only for writers, and '
  'without a foreign key, because a counting trigger may never wait.';

comment on column tally.fill_requests.xid is 'Who asked: once for each transaction is enough.';

create table tally.dropped (
  counter    bigint not null,
  dropped_at timestamptz not null default pg_catalog.now()
);
create index dropped_counter on tally.dropped (counter);
comment on table tally.dropped is
  'Counters that were dropped and whose totals the pulse still has to sweep away.';

create table tally.drops (
  dropped_at timestamptz not null default pg_catalog.now()
);
comment on table tally.drops is
  'A row for each counter or summary that was ever dropped. What is declared anew under its name '
  'counts its versions from the beginning, so each begins another history: see tally.history.';

create table tally.totals (
  counter bigint not null,
  scope   text collate "C" not null,
  value   numeric not null,
  version bigint not null,
  ranking numeric,
  constraint totals_pkey primary key (counter, scope)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        vacuum_truncate = off);
create index totals_ranking on tally.totals (counter, ranking desc, scope)
  where ranking is not null;
create index totals_overflow on tally.totals (counter)
  where value > 9223372036854775807 or value < -9223372036854775808;
comment on table tally.totals is
  'What was folded: one row per counter and scope. Written by the pulse alone.';
comment on column tally.totals.value is
  'numeric, so that an amount beyond bigint is neither lost nor an error to whoever wrote it.';
comment on column tally.totals.version is 'The pulse that last changed it.';
comment on column tally.totals.ranking is
  'value again for ranked counters, else NULL: so that only these pay for an index on it.';

create table tally.deltas (
  xid     xid8 not null default pg_catalog.pg_current_xact_id(),
  counter bigint not null,
  scope   text collate "C" not null,
  delta   numeric not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
        autovacuum_analyze_scale_factor = 0.5, vacuum_truncate = off);
-- vacuum_truncate is off above: giving the file's end back locks writers out, and a table of no
-- pages makes the planner choose sequential scans.
-- The conditions are true of every row. They keep each index from being taken for what the other
-- is for: while the table is empty both look equally good, and a plan lasts.
create index deltas_xid on tally.deltas (xid) where (delta is not null) is true;
create index deltas_counter_scope_xid on tally.deltas (counter, scope, xid)
  where counter is not null;
comment on table tally.deltas is
  'What was counted and not folded yet. Append-only and unconstrained: a writer cannot wait here.';
comment on column tally.deltas.xid is
  'Who wrote it: the fold looks only at what its predecessor''s snapshot could not see.';
comment on index tally.deltas_xid is
  'For the fold, and whatever else looks at pending deltas of all counters: it says (delta is not '
  'null) is true. Reading one counter through it would scan what is pending elsewhere.';
comment on index tally.deltas_counter_scope_xid is
  'For reading one counter. The fold would have to go through all of it for an xid.';

create unlogged table tally.moves (
  xid      xid8 not null default pg_catalog.pg_current_xact_id(),
  kind     text not null,
  relation oid not null,
  depth    integer not null,
  changes  bigint
);
create index moves_xid on tally.moves (xid);
comment on table tally.moves is
  'Statements under way that have changed a partition key, for tally.take_move: a row each, gone when '
  'the statement ends. A table, because a setting could be written by the writer.';
comment on column tally.moves.changes is
  'tally.heap_changes before the first row whose key changes. NULL: a TRUNCATE since has upset them.';

reset role;
