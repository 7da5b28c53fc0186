create or replace view tally.triggered_tables as
select 'count' as kind, s.source, s.slug from tally.sources s
union all
select 'mark', w.source, w.slug from tally.watched w;

comment on view tally.triggered_tables is
  'Tables that carry triggers of ours: kind count for counters, mark for the watches of summaries.';
