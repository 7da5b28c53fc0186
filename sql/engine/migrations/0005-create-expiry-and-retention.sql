-- What falls due, what is thrown away, and the partitions that are made ahead.

set local role tally_owner;

alter table tally.settings
  add column time_zone text not null default 'UTC'
    constraint settings_time_zone  -- an unknown one is an error
      check (pg_catalog.timezone(time_zone, timestamptz '2000-01-01 00:00+00') is not null),
  add column clean_up_rows integer not null default 20000
    constraint settings_clean_up_rows check (clean_up_rows between 1 and 1000000);
comment on column tally.settings.time_zone is
  'Where a month begins for tally.ensure_partitions, such as Europe/Berlin. Daylight saving is '
  'that zone''s; each partition ends where the next one begins.';
comment on column tally.settings.clean_up_rows is
  'How many rows of each rule one call of tally.clean_up deletes at most. More takes longer and '
  'holds more; call again for the rest, as the job and pgtally cleanup do.';

create table tally.expiries (
  name       text constraint expiries_pkey primary key
             constraint expiries_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  source     regclass not null,
  due        text not null,
  filter     text not null,
  change     text not null,
  due_sql    text not null,
  filter_sql text not null,
  change_sql text not null,
  made_index name,
  created_at timestamptz not null default pg_catalog.now(),
  created_by text not null,
  stopped    boolean not null default false,
  error      text,
  attempts   integer not null default 0,
  again_at   timestamptz,
  made_by    text
);
comment on table tally.expiries is
  'Rules of expiry: rows whose time has come are changed. Made by tally.create_expiry.';
comment on column tally.expiries.due is 'When a row falls due, over its columns.';
comment on column tally.expiries.filter is 'Which rows can fall due; the change makes it false.';
comment on column tally.expiries.change is 'What SET does to a row that is due.';
comment on column tally.expiries.due_sql is
  'due as Postgres reads it back, every name qualified: what the rule''s functions run.';
comment on column tally.expiries.filter_sql is 'filter, likewise.';
comment on column tally.expiries.change_sql is 'change, likewise.';
comment on column tally.expiries.made_index is
  'The index that tally.create_expiry made for it, which goes with the rule.';
comment on column tally.expiries.stopped is
  'Its change left a row due, and would have done so for ever: it stands still until it is dropped '
  'or created again.';
comment on column tally.expiries.error is 'Why it last failed; NULL since it worked again.';
comment on column tally.expiries.again_at is 'When it is tried again after a failure.';

create table tally.expiry_failures (
  expiry   text not null
           constraint expiry_failures_expiry_fkey references tally.expiries on delete cascade,
  relation oid not null,
  file     oid not null,
  place    tid not null,
  version  bigint not null,
  attempts integer not null,
  error    text not null,
  again_at timestamptz not null,
  constraint expiry_failures_pkey primary key (expiry, relation, place, version)
);
comment on table tally.expiry_failures is
  'Rows that their rule could not change, a constraint or a trigger being against it: left aside '
  'until again_at, so that they hold up no other.';
comment on column tally.expiry_failures.file is
  'pg_relation_filenode of relation: another one once the table has been written anew.';
comment on column tally.expiry_failures.place is 'Its ctid: changed by whoever mends the row.';
comment on column tally.expiry_failures.version is
  'Its xmin: with file and place it tells the row from one that lies there later.';

create table tally.retentions (
  name       text constraint retentions_pkey primary key
             constraint retentions_name check (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  source     regclass not null,
  age        text not null,
  keep       interval not null
             constraint retentions_keep check (keep >= interval '0'),
  filter     text,
  on_drop    text not null constraint retentions_on_drop check (on_drop in ('keep', 'subtract')),
  age_sql    text not null,
  filter_sql text not null,
  created_at timestamptz not null default pg_catalog.now(),
  created_by text not null,
  made_by    text
);
comment on table tally.retentions is
  'Rules of retention: rows older than keep are deleted. Made by tally.create_retention.';
comment on column tally.retentions.age is 'The time a row''s age counts from, over its columns.';
comment on column tally.retentions.on_drop is
  'Whether counters keep or lose what a partition held that is dropped whole. Rows that are '
  'deleted one by one are always subtracted.';

create table tally.kept (
  counter bigint not null
          constraint kept_counter_fkey references tally.definitions on delete cascade,
  scope   text collate "C" not null,
  value   numeric not null,
  constraint kept_pkey primary key (counter, scope)
);
comment on table tally.kept is
  'What counters keep of partitions that were dropped with on_drop => ''keep'': a recount adds it.';

create table tally.partitionings (
  source     regclass constraint partitionings_pkey primary key,
  slug       text not null constraint partitionings_slug unique,
  ahead      interval not null,
  created_at timestamptz not null default pg_catalog.now(),
  created_by text not null,
  made_by    text
);
comment on table tally.partitionings is
  'Tables whose monthly partitions a job makes ahead, since tally.ensure_partitions was called '
  'for them.';
comment on column tally.partitionings.slug is
  'In the names of its functions and its job: they stay when the table gets another name.';
comment on column tally.partitionings.ahead is 'How far ahead of now.';
comment on column tally.expiries.made_by is
  'Stands for the version that wrote the rule''s functions; tally.attach writes them anew where it '
  'is another one.';
comment on column tally.retentions.made_by is 'As in tally.expiries.';
comment on column tally.partitionings.made_by is 'As in tally.expiries.';

reset role;
