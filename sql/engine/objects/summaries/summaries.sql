create or replace view tally.summaries as
-- No volatile function in it: so that who reads the body alone does not pay for due_since.
select s.name, d.scope, d.body::jsonb as body, d.version, d.built_at, d.build_ms,
       (select min(w.since)
        from (
          select u.due_since as since from tally.due u
          where u.summary = d.summary and u.scope = d.scope
          union all
          select u.due_since from tally.due u where u.summary = d.summary and u.scope is null
          union all
          select m.marked_at from tally.pending_marks m
          where m.summary = d.summary and (m.scope = d.scope or m.scope is null)
          union all
          select d.built_at + s.max_age
          where d.built_at + s.max_age <= pg_catalog.statement_timestamp()
          union all
          select d.due_since
          union all
          select pg_catalog.statement_timestamp()
          where d.built_at > pg_catalog.statement_timestamp()
        ) w) as due_since,
       d.error
from tally.documents d
join tally.summary_definitions s on s.id = d.summary
where d.body is not null or d.error is not null;

comment on view tally.summaries is
  'Every document, as it was last built. tally.read_summary builds one that is missing or too old.';
comment on column tally.summaries.scope is 'Empty for a summary of one document.';
comment on column tally.summaries.body is 'NULL: it was never built, see error.';
comment on column tally.summaries.version is 'The pulse that announced it.';
comment on column tally.summaries.built_at is 'When its builder last succeeded, changed or not.';
comment on column tally.summaries.build_ms is 'How long its builder took the last time.';
comment on column tally.summaries.due_since is
  'The first change that it does not show, or when it reached max_age; NULL while it is current. '
  'While its builder fails it stays as it was when that began.';
comment on column tally.summaries.error is
  'Why its builder failed the last time. The document stays, and work tries again.';

create or replace view tally.build_history as
select s.name, b.scope, b.built_at, b.build_ms, b.outcome
from tally.builds b
join tally.summary_definitions s on s.id = b.summary;

comment on view tally.build_history is
  'The last ten thousand builds that took 10 ms or more, or failed. The slowest documents: select '
  'name, scope, count(*), avg(build_ms), max(build_ms) from tally.build_history group by name, '
  'scope order by max(build_ms) desc limit 20;';
comment on column tally.build_history.outcome is
  'changed; equal: as it was; gone: there is none any more; none: there was none before; failed.';
