-- 200 000 messages of the last 90 days, of 100 accounts.

insert into messages.messages (id, account_id, status, sent_at, received_at)
select
  'load-' || m.at,
  'account-' || m.at % 100,
  (array['sent', 'delivered', 'delivered', 'read', 'read', 'read', 'failed'])[1 + m.at % 7],
  m.sent_at,
  m.sent_at
from (
  select g.at, now() - g.at * (interval '90 days' / c.count) as sent_at
  from (select (200000 * current_setting('load.share')::numeric)::int as count) as c,
    generate_series(1, c.count) as g (at)
) as m;
