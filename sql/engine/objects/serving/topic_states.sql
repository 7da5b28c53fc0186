create or replace view tally.topic_states as
select d.id as counter, d.name, 'counter'::text as kind, d.audience,
       case when not exists (select from tally.fit_sources s where s.source = d.source) then 'broken'
            when d.filled_at is not null
                 and not exists (select from tally.fill_requests f where f.counter = d.id)
            then 'ready'
            when d.fill_error is not null then 'broken'
            else 'filling' end as state
from tally.definitions d
union all
-- Whether one of its documents can be read is known by that document.
select s.id, s.name, 'summary', s.audience, 'ready'
from tally.summary_definitions s;

comment on view tally.topic_states is
  'What a server has to know of a counter or a summary before it shows a value. As '
  'counter_definitions has it, without what only people read.';
comment on column tally.topic_states.counter is 'The id, of a summary too.';
comment on column tally.topic_states.state is
  'ready: tally.counters shows it; filling: not yet; broken: not before somebody mends it.';
