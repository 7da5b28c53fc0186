-- 800 projects with their votes, comments and badges; 60 chains; 300 investors and who asks to meet
-- them; notifications and conversations. Ada, Ines, Vera and Uma are part of it.

insert into community.projects (owner_id, title, description, created_at, changed_at)
select p.owner_id, p.title, p.description, p.created_at, p.created_at
from (
  select
    case when g.at % 60 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
      else pg_temp.somebody(300) end as owner_id,
    (array['Solar', 'Open', 'Tiny', 'Civic', 'Deep', 'Urban', 'Green', 'Quiet', 'Shared', 'Rapid'])
      [1 + floor(random() * 10)]
    || ' ' || (array['garden', 'ledger', 'atlas', 'kitchen', 'school', 'clinic', 'market', 'radio',
      'harbor', 'workshop', 'library', 'orchard'])[1 + floor(random() * 12)]
    || ' ' || g.at as title,
    'We build a ' || (array['place', 'tool', 'network', 'service'])[1 + floor(random() * 4)]
    || ' for ' || (array['neighbours', 'nurses', 'teachers', 'farmers', 'small shops', 'musicians'])
      [1 + floor(random() * 6)]
    || ' that ' || (array['saves them time', 'brings them together', 'costs them nothing',
      'works without a network'])[1 + floor(random() * 4)] || '.' as description,
    now() - power(random(), 2) * interval '300 days' as created_at
  from generate_series(1, 800) as g (at)
) as p
order by p.created_at;

insert into community.votes (project_id, owner_id, user_id, voted_at, recency)
select v.project_id, v.owner_id, v.user_id, v.voted_at,
  case when v.voted_at > now() - interval '7 days' then 'week'
    when v.voted_at > now() - interval '30 days' then 'month' else 'older' end
from (
  select distinct on (p.id, w.user_id) p.id as project_id, p.owner_id, w.user_id,
    now() - least(now() - p.created_at, interval '300 days') * power(random(), 3) as voted_at
  from (
    -- A few are liked by many.
    select 1 + floor(power(random(), 2.5) * 800)::bigint as project_id,
      pg_temp.somebody(588) as user_id
    from generate_series(1, 24000)
  ) as w
  join community.projects as p on p.id = w.project_id and p.owner_id <> w.user_id
) as v;

insert into community.comments (project_id, author_id, body, created_at)
select 1 + floor(power(random(), 1.5) * 800)::bigint, pg_temp.somebody(400),
  (array['I would use this.', 'How do you pay for it?', 'We tried the same in our town.',
    'Who looks after the data?', 'Count me in.', 'A demo would help.'])[1 + floor(random() * 6)],
  now() - power(random(), 2) * interval '200 days'
from generate_series(1, 4000);

insert into community.badges (project_id, owner_id, validator_id, note, awarded_at)
select p.id, p.owner_id, '00000000-0000-4000-8000-000000000003',
  (array['Seen at work.', 'Numbers checked.', ''])[1 + floor(random() * 3)],
  now() - random() * interval '60 days'
from community.projects as p
where p.id % 9 = 0;

insert into community.chains (owner_id, title, description, created_at)
select case when g.at = 1 then '00000000-0000-4000-8000-000000000004'::uuid
    else pg_temp.somebody(100) end,
  (array['Energy', 'Food', 'Care', 'Learning', 'Music', 'Repair'])[1 + g.at % 6] || ' in '
    || (array['the north', 'the harbor', 'our valley', 'small towns', 'the old mill'])[1 + g.at % 5]
    || ' ' || g.at,
  'Projects that know each other.', now() - random() * interval '250 days'
from generate_series(1, 60) as g (at);

insert into community.chain_projects (chain_id, project_id)
select distinct 1 + floor(random() * 60)::bigint, 1 + floor(random() * 800)::bigint
from generate_series(1, 600);

insert into community.chain_followers (chain_id, user_id, followed_at, recency)
select f.chain_id, f.user_id, f.followed_at,
  case when f.followed_at > now() - interval '7 days' then 'week' else 'older' end
from (
  select distinct on (w.chain_id, w.user_id) w.chain_id, w.user_id,
    now() - power(random(), 2) * interval '200 days' as followed_at
  from (
    select 1 + floor(power(random(), 2) * 60)::bigint as chain_id,
      case when g.at % 200 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
        else pg_temp.somebody(400) end as user_id
    from generate_series(1, 3000) as g (at)
  ) as w
) as f;

insert into community.chain_posts (chain_id, author_id, body, created_at)
select c.id, c.owner_id,
  (array['We meet on Thursday.', 'Two new projects have joined.', 'Thank you all for coming.',
    'Who has a van for Saturday?'])[1 + floor(random() * 4)],
  now() - random() * interval '90 days'
from community.chains as c, generate_series(1, 8);

insert into community.follows (follower_id, followed_id)
select distinct w.follower_id, w.followed_id
from (
  select case when g.at % 300 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
      else pg_temp.somebody(500) end as follower_id,
    pg_temp.somebody(300) as followed_id
  from generate_series(1, 3000) as g (at)
) as w
where w.follower_id <> w.followed_id;

insert into community.investors (
  id, user_id, type, name, company, bio, sectors, check_min, check_max
)
select i.id, i.user_id, i.type, i.name, i.company, i.bio, i.sectors, i.check_min, i.check_min * 20
from (
  select
    case when g.at = 1 then '00000000-0000-4000-8000-000000000002'::uuid
      else ('00000000-0000-4000-a000-' || lpad(to_hex(g.at), 12, '0'))::uuid end as id,
    case when g.at = 1 then '00000000-0000-4000-8000-000000000002'::uuid end as user_id,
    case when random() < 0.6 then 'individual' else 'organization' end as type,
    case when g.at = 1 then 'Ines Investor'
      else (array['Amara', 'Bruno', 'Celia', 'Dario', 'Edith', 'Fabio', 'Gwen', 'Hans'])
        [1 + floor(random() * 8)] || ' ' || (array['Stone', 'Marsh', 'Field', 'Brook', 'Hill'])
        [1 + floor(random() * 5)] || ' ' || g.at end as name,
    (array['North', 'Bridge', 'Lantern', 'Seed', 'Anchor'])[1 + floor(random() * 5)] || ' '
      || (array['Capital', 'Partners', 'Ventures', 'Fund'])[1 + floor(random() * 4)] as company,
    'Backs people who ' || (array['mend things', 'teach', 'grow food', 'heal', 'save energy'])
      [1 + floor(random() * 5)] || '.' as bio,
    (array['energy', 'food', 'health', 'education', 'mobility', 'finance', 'climate'])
      [1 + floor(random() * 4)::int : 4 + floor(random() * 4)::int] as sectors,
    (array[5000, 10000, 25000, 50000, 100000])[1 + floor(random() * 5)]::bigint as check_min
  from generate_series(1, 300) as g (at)
) as i;

insert into community.intro_requests (
  requester_id, investor_id, message, status, created_at, decided_at
)
select r.requester_id, r.investor_id, 'May I show you what we build?', r.status, r.created_at,
  case when r.status <> 'pending' then r.created_at + interval '1 day' end
from (
  select distinct on (w.requester_id, w.investor_id) w.requester_id, w.investor_id,
    (array['pending', 'accepted', 'declined'])[1 + floor(random() * 3)] as status,
    now() - interval '1 day' - random() * interval '60 days' as created_at
  from (
    select case when g.at % 30 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
        else pg_temp.somebody(200) end as requester_id,
      case when g.at % 8 = 0 then '00000000-0000-4000-8000-000000000002'::uuid
        else ('00000000-0000-4000-a000-'
          || lpad(to_hex(2 + floor(random() * 299)::int), 12, '0'))::uuid end as investor_id
    from generate_series(1, 400) as g (at)
  ) as w
) as r;

insert into community.feedback (author_id, body, status, created_at, handled_at)
select pg_temp.somebody(400),
  (array['The search finds nothing with an umlaut.', 'Thank you for the new boards!',
    'Please show the date of a comment.'])[1 + floor(random() * 3)],
  case when g.at <= 12 then 'pending' else 'handled' end,
  now() - g.at * interval '9 hours',
  case when g.at > 12 then now() - g.at * interval '8 hours' end
from generate_series(1, 60) as g (at);

insert into community.notifications (receiver_id, actor_id, kind, link, created_at, read_at)
select n.receiver_id, n.actor_id, n.kind,
  case when n.kind in ('comment', 'badge') then '/api/projects/' || n.project_id else '' end,
  n.created_at, case when n.is_read then n.created_at + interval '1 hour' end
from (
  select case when g.at % 80 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
      else pg_temp.somebody(300) end as receiver_id,
    pg_temp.somebody(400) as actor_id,
    (array['comment', 'comment', 'follow', 'badge', 'chain-follow'])[1 + floor(random() * 5)]
      as kind,
    1 + floor(random() * 800)::int as project_id,
    now() - interval '1 hour' - power(random(), 2) * interval '40 days' as created_at,
    random() < 0.8 as is_read
  from generate_series(1, 4000) as g (at)
) as n
order by n.created_at;

insert into community.conversations (low_id, high_id, started_at)
select least(w.one, w.other), greatest(w.one, w.other), now() - interval '40 days'
from (
  select distinct on (least(p.one, p.other), greatest(p.one, p.other)) p.one, p.other
  from (
    select case when g.at % 12 = 0 then '00000000-0000-4000-8000-000000000004'::uuid
        else pg_temp.somebody(150) end as one,
      pg_temp.somebody(150) as other
    from generate_series(1, 300) as g (at)
  ) as p
  where p.one <> p.other
) as w;

insert into community.direct_messages (conversation_id, sender_id, body, sent_at)
select c.id, case when random() < 0.5 then c.low_id else c.high_id end,
  (array['Hello!', 'Did you see the new chain?', 'Shall we talk tomorrow?', 'Yes.', 'Thank you.'])
    [1 + floor(random() * 5)],
  now() - (40 - m.at * 3) * interval '1 day' - random() * interval '2 days'
from community.conversations as c, generate_series(1, 10) as m (at)
order by m.at, c.id;

insert into community.conversation_members (conversation_id, user_id, last_message_id)
select c.id, u.id, l.last_id
from community.conversations as c
cross join lateral (values (c.low_id), (c.high_id)) as u (id)
cross join lateral (
  select max(d.id) as last_id from community.direct_messages as d where d.conversation_id = c.id
) as l;

insert into community.receipts (message_id, conversation_id, receiver_id, read_at)
select d.id, d.conversation_id, case when d.sender_id = c.low_id then c.high_id else c.low_id end,
  case when d.sent_at < now() - interval '12 days' then d.sent_at + interval '2 hours' end
from community.direct_messages as d
join community.conversations as c on c.id = d.conversation_id;
