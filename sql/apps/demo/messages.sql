-- 6 000 messages of the last 30 days, 600 of them of the last hour, of 40 accounts.

insert into messages.messages (id, account_id, status, sent_at, received_at, moved_at)
select m.id, m.account_id, m.status, m.sent_at, m.sent_at,
  case when m.status <> 'sent' then m.sent_at + interval '20 seconds' end
from (
  select 'demo-' || g.at as id,
    'shop-' || lpad((1 + floor(power(random(), 2) * 40)::int)::text, 2, '0') as account_id,
    (array['sent', 'delivered', 'delivered', 'delivered', 'read', 'read', 'read', 'failed'])
      [1 + floor(random() * 8)] as status,
    now() - interval '1 minute' - case when g.at <= 600 then random() * interval '59 minutes'
      else power(random(), 1.5) * interval '30 days' end as sent_at
  from generate_series(1, 6000) as g (at)
) as m;
