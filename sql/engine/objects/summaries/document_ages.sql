create or replace view tally.document_ages as
-- A document of the future, where the clock was put back, is of no age.
select s.name, count(d.age) as documents, min(d.age) as newest,
       percentile_cont(0.5) within group (order by d.age) as median, max(d.age) as oldest
from tally.summary_definitions s
left join (
  select o.summary, greatest(pg_catalog.statement_timestamp() - o.built_at, interval '0') as age
  from tally.documents o
  where o.body is not null
) d on d.summary = s.id
group by s.name;

comment on view tally.document_ages is
  'How long ago the documents of each summary were built. It looks at each document there is: about '
  'a second for a million.';
comment on column tally.document_ages.documents is 'How many there are.';
comment on column tally.document_ages.newest is 'Of the last that was built; NULL where none is.';
comment on column tally.document_ages.median is 'Half of them are older.';
comment on column tally.document_ages.oldest is 'Of the one that was not built for longest.';
