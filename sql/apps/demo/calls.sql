-- 40 matches with two rooms each, 2 000 invitations of the last six days, and a few that wait now.

insert into calls.matches (title)
select 'Round ' || (1 + (g.at - 1) / 8) || ': '
  || (array['Reds', 'Blues', 'Greens', 'Golds', 'Whites', 'Blacks', 'Silvers', 'Violets'])
    [1 + g.at % 8]
  || ' against '
  || (array['Foxes', 'Owls', 'Bears', 'Wolves', 'Hawks', 'Otters', 'Lynxes'])[1 + g.at % 7]
from generate_series(1, 40) as g (at);

insert into calls.rooms (match_id, name)
select m.id, r.name
from calls.matches as m, (values ('Before the match'), ('After the match')) as r (name)
order by m.id, r.name;

insert into calls.invitations (
  created_at, caller_id, receiver_id, room_id, status, expires_at, ended_at
)
select i.created_at, i.caller_id, i.receiver_id, i.room_id, i.status,
  i.created_at + interval '1 minute',
  case when i.status = 'expired' then i.created_at + interval '1 minute'
    else i.created_at + i.took end
from (
  select now() - interval '2 minutes' - random() * interval '6 days' as created_at,
    pg_temp.somebody(200) as caller_id,
    case when g.at % 20 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
      else pg_temp.somebody(200) end as receiver_id,
    1 + floor(random() * 80)::int as room_id,
    (array['accepted', 'accepted', 'accepted', 'declined', 'cancelled', 'expired'])
      [1 + floor(random() * 6)] as status,
    random() * interval '50 seconds' as took
  from generate_series(1, 2000) as g (at)
) as i
where i.caller_id <> i.receiver_id;

insert into calls.invitations (caller_id, receiver_id, room_id, expires_at)
select distinct on (i.caller_id, i.receiver_id) i.caller_id, i.receiver_id, i.room_id,
  now() + interval '5 minutes' + random() * interval '50 minutes'
from (
  select pg_temp.somebody(200) as caller_id,
    case when g.at <= 3 then '00000000-0000-4000-8000-000000000004'::uuid
      else pg_temp.somebody(200) end as receiver_id,
    1 + floor(random() * 80)::int as room_id
  from generate_series(1, 30) as g (at)
) as i
where i.caller_id <> i.receiver_id;
