-- What a summary is, its documents, what has changed below them, and what is due.

set local role tally_owner;

create table tally.summary_definitions (
  id         bigint constraint summary_definitions_pkey primary key,
  name       text not null
             constraint summary_definitions_name_key unique
             constraint summary_definitions_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  builder    text not null,
  function   text not null,
  max_age    interval,
  settle     interval not null,
  audience   text not null
             constraint summary_definitions_audience
               check (audience ~ '^(private|public|owner|role:[A-Za-z0-9_.-]{1,63})$'),
  created_at timestamptz not null default pg_catalog.now(),
  created_by text not null
);
comment on table tally.summary_definitions is
  'One row per summary. Made by tally.create_summary; watched tables are in tally.watches.';
comment on column tally.summary_definitions.id is
  'The first 64 bits of md5(name): it means the same in every database.';
comment on column tally.summary_definitions.builder is
  'The function that builds a document, by its full name. No regproc, which pg_upgrade refuses.';
comment on column tally.summary_definitions.function is
  'tally''s own function around it, which runs with the rights of the builder''s owner.';

create table tally.watched (
  source regclass constraint watched_pkey primary key,
  slug   text not null
         constraint watched_slug_key unique
         constraint watched_slug check (slug ~ '^[a-z0-9_]{1,45}$')
);
comment on table tally.watched is 'The tables whose changes mark documents as due.';
comment on column tally.watched.slug is
  'Names the source''s generated trigger functions: tally.mark_<slug>_insert and so on.';

create table tally.watches (
  id          bigint constraint watches_pkey primary key,
  summary     bigint not null
              constraint watches_summary_fkey
                references tally.summary_definitions on delete cascade,
  source      regclass not null
              constraint watches_source_fkey references tally.watched on delete restrict,
  scope       text,
  filter      text,
  scope_sql   text not null,
  filter_sql  text not null,
  by_settings smallint not null,
  columns     name[] not null
);
create index watches_summary on tally.watches (summary);
create index watches_source on tally.watches (source);
comment on table tally.watches is
  'Which rows mark which document: made by tally.watch. A summary may watch a table in many ways.';
comment on column tally.watches.scope_sql is
  'scope as the trigger functions run it, every name qualified; '''' without one.';
comment on column tally.watches.filter_sql is 'filter likewise; true without one.';
comment on column tally.watches.columns is 'The columns of source that the expressions use.';

create table tally.marks (
  xid       xid8 not null default pg_catalog.pg_current_xact_id(),
  summary   bigint not null,
  scope     text collate "C",
  marked_at timestamptz not null default pg_catalog.clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000,
        autovacuum_analyze_scale_factor = 0.5, vacuum_truncate = off);
create index marks_xid on tally.marks (xid);
comment on table tally.marks is
  'What writers changed below documents, and nobody has collected yet. Append-only and '
  'unconstrained: a writer cannot wait here.';
comment on column tally.marks.scope is 'Whose document; NULL: each document of the summary.';

create table tally.collections (
  collection bigint constraint collections_pkey primary key,
  seen       xid8 not null,
  also       xid8[] not null,
  written_by xid not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off);
comment on table tally.collections is
  'Up to where marks were collected, newest last: seen, also and written_by as in tally.pulses. A '
  'row each, never an update, for the same reason.';
insert into tally.collections (collection, seen, also, written_by)
values (0, '0', '{}', pg_catalog.pg_current_xact_id()::xid);

create table tally.due (
  summary   bigint not null,
  scope     text collate "C",
  due_since timestamptz not null,
  due_at    timestamptz not null,
  is_slow   boolean not null,
  is_suspect boolean not null default false
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.5,
        vacuum_truncate = off);
create index due_key on tally.due (summary, scope);
create index due_at on tally.due (is_slow, due_at);
create index due_since on tally.due (due_since);
create index due_suspect on tally.due (summary, due_at) where is_suspect;
create index due_lane on tally.due (summary, is_slow, due_at) where not is_suspect;
comment on table tally.due is
  'Documents that have to be built: what was collected from marks, and what has come of age. Not '
  'unique: whoever collects must not wait for a build under way, so one document may stand here '
  'twice.';
comment on column tally.due.scope is
  'NULL: each document of the summary, until it is certain that none under way was missed.';
comment on column tally.due.due_since is 'The first change that is not in the document.';
comment on column tally.due.due_at is 'When it may be built: settle after that.';
comment on column tally.due.is_slow is
  'Took long the last time, or was never built: all that its transaction does. Without '
  'a scope: every document that was there then stands here already.';
comment on column tally.due.is_suspect is
  'Slow whatever it took the last time: another one of its summary has just waited for a lock, or '
  'taken long, where it was expected to be quick.';

create table tally.looks (
  summary  bigint not null,
  after    text collate "C",
  since    timestamptz not null,
  due_at   timestamptz not null,
  attempts integer not null default 0,
  is_rest  boolean not null default false
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off);
create index looks_due on tally.looks (due_at);
comment on table tally.looks is
  'Summaries whose watched tables changed beyond what rows can tell: their rows are looked through '
  'for scopes that have no document yet. Not unique, as tally.due.';
comment on column tally.looks.after is 'The last scope of the piece before; NULL: from the first.';
comment on column tally.looks.attempts is 'How often it failed, because a watch is broken, say.';
comment on column tally.looks.is_rest is
  'No look, but one that ended: the next one does not begin before due_at, ten times as long after.';

create table tally.documents (
  summary  bigint not null,
  scope    text collate "C" not null
           constraint documents_scope check (pg_catalog.octet_length(scope) <= 512),
  body     text,
  version  bigint not null default 0,
  built_at timestamptz,
  build_ms real,
  next_at  timestamptz,
  tried_at timestamptz,
  error    text,
  attempts integer not null default 0,
  due_since timestamptz,
  constraint documents_pkey primary key (summary, scope)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
        vacuum_truncate = off);
create index documents_next on tally.documents (next_at) where next_at is not null;
create index documents_clock on tally.documents (greatest(built_at, tried_at));
create index documents_gone on tally.documents (tried_at) where body is null;
comment on table tally.documents is
  'The documents, as they were last built. Read them as tally.summaries.';
comment on column tally.documents.body is
  'JSON, as text: it is sent as it stands. NULL: the builder said there is none, or it never '
  'succeeded; such a row is kept for a day, so that whoever was away hears of it.';
comment on column tally.documents.version is 'The pulse that announced it.';
comment on column tally.documents.built_at is 'When its builder last succeeded, changed or not.';
comment on column tally.documents.build_ms is 'How long its builder took the last time.';
comment on column tally.documents.next_at is
  'When work builds it by itself: at max_age, or again after a failure.';
comment on column tally.documents.error is 'Why the last attempt failed.';
comment on column tally.documents.due_since is
  'The first change that it does not show because its builder fails.';

create table tally.builds (
  built_at timestamptz not null default pg_catalog.clock_timestamp(),
  summary  bigint not null,
  scope    text collate "C" not null,
  build_ms real not null,
  outcome  text not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        vacuum_truncate = off);
create index builds_built_at on tally.builds (built_at);
create index builds_of_none on tally.builds (summary) where outcome = 'none';
comment on table tally.builds is
  'The last builds that took 10 ms or more, or failed. Read them as tally.build_history.';

create table tally.announcements (
  xid      xid8 not null default pg_catalog.pg_current_xact_id(),
  summary  bigint not null,
  scope    text collate "C" not null,
  is_first boolean not null,
  put_off_at timestamptz
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        vacuum_truncate = off);
create index announcements_xid on tally.announcements (xid);
comment on table tally.announcements is
  'Documents that this transaction has changed: a deferred trigger announces them at its commit, '
  'and removes the rows again.';

reset role;
