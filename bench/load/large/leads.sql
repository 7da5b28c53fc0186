-- 200 000 leads, a tenth of them new, spread over a thousand owners.

insert into leads.leads (owner_id, name, email, status, created_at, moved_at)
select
  o.ids[1 + l.at % cardinality(o.ids)],
  'Lead ' || l.at,
  'lead' || l.at || '@example.com',
  (array['new', 'contacted', 'contacted', 'qualified', 'qualified', 'won', 'won', 'won', 'lost',
    'lost'])[1 + l.at / 1000 % 10],
  now() - l.at * interval '2 minutes',
  now() - l.at * interval '1 minute'
from generate_series(1, (200000 * current_setting('load.share')::numeric)::int) as l (at),
  (select array_agg(u.id order by u.id) as ids from accounts.users as u
    where u.status = 'approved') as o;
