create or replace view facilities.dashboard_daily_summary as
select d.facility_id, d.date, d.total_stock, d.total_transferred, d.total_requests, d.updated_at
from facilities.days d
where d.closed
union all
select d.facility_id, o.date, o.total_stock, o.total_transferred, o.total_requests, o.updated_at
from facilities.days d
cross join lateral facilities.open_days(d.facility_id) o
where not d.closed;

comment on view facilities.dashboard_daily_summary is
  'A row for each facility and day, days without any change included: past days as they closed, '
  'today exact in the reader''s snapshot.';
comment on column facilities.dashboard_daily_summary.date is 'By the facility''s own clock.';
comment on column facilities.dashboard_daily_summary.total_stock is
  'Units in stock at the end of that day; of today, now.';
comment on column facilities.dashboard_daily_summary.total_transferred is
  'Units that arrived there on that day.';
comment on column facilities.dashboard_daily_summary.total_requests is
  'How many requests were made there on that day.';
comment on column facilities.dashboard_daily_summary.updated_at is
  'When one of these last changed; where none did, when the day began.';
