-- 100 000 invitations of the last six days, all of them over.

insert into calls.invitations
  (created_at, caller_id, receiver_id, room_id, status, expires_at, ended_at)
select
  i.created_at,
  o.ids[1 + i.at % cardinality(o.ids)],
  o.ids[1 + (i.at + 1 + i.at / 1000) % cardinality(o.ids)],
  r.ids[1 + i.at % cardinality(r.ids)],
  (array['accepted', 'declined', 'cancelled', 'accepted'])[1 + i.at % 4],
  i.created_at + interval '60 seconds',
  i.created_at + interval '20 seconds'
from (
  select g.at, now() - interval '1 hour' - g.at * (interval '6 days' / c.count) as created_at
  from (select (100000 * current_setting('load.share')::numeric)::int as count) as c,
    generate_series(1, c.count) as g (at)
) as i,
  (select array_agg(u.id order by u.id) as ids from accounts.users as u
    where u.status = 'approved') as o,
  (select array_agg(r.id) as ids from calls.rooms as r) as r;
