create or replace view tally.document_states as
select d.summary, d.scope,
       case
         when d.built_at is not null
              and (s.max_age is null
                   or d.built_at between pg_catalog.clock_timestamp() - s.max_age
                                     and pg_catalog.clock_timestamp()
                   or pg_catalog.pg_is_in_recovery()) then 'ready'
         when d.error is not null
              and d.tried_at <= pg_catalog.clock_timestamp()
              and d.tried_at + tally.backoff(d.attempts) > pg_catalog.clock_timestamp()
         then case when d.body is null then 'broken' else 'ready' end
         when d.built_at is null and d.error is null
              and exists (select from tally.due u where u.summary = d.summary and u.scope = d.scope)
         then 'filling'
         else 'due' end as state,
       case when d.body is null and d.built_at is not null then 'null' else d.body end as body,
       d.version
from tally.documents d
join tally.summary_definitions s on s.id = d.summary;

comment on view tally.document_states is
  'Whether a document can be shown, and what. No row: it is due.';
comment on column tally.document_states.state is
  'ready; due: it has to be built first; broken: it was never built, and failed a moment ago; '
  'filling: its first build takes longer than a reader may wait, and is with the work. A last '
  'document is better than none while its builder fails, and on a standby, which keeps '
  'nothing that it builds.';
comment on column tally.document_states.body is 'null where the builder says there is none.';
