-- 5 000 projects with 150 000 votes and 50 000 comments, five of them far ahead; 300 chains; 2 000
-- investors; 100 000 notifications; twenty conversations of everybody, of five messages each.

create temporary table load_people as
select u.id, row_number() over (order by u.id) - 1 as at
from accounts.users as u where u.status = 'approved';
create unique index on load_people (at);
analyze load_people;

with share as (select current_setting('load.share')::numeric as of)
insert into community.projects (owner_id, title, description, created_at, changed_at)
select p.id, 'Project ' || g.at || ' ' || w.words[1 + g.at % 12],
  'Something for ' || w.words[1 + g.at / 12 % 12] || ' and ' || w.words[1 + g.at / 144 % 12],
  now() - g.at * interval '1 hour', now() - g.at * interval '1 hour'
from share as s, generate_series(1, greatest(20, 5000 * s.of)::int) as g (at),
  (select string_to_array('river amber stone early light north wind open field small harbor quiet',
    ' ') as words) as w,
  load_people as p
where p.at = g.at % (select count(*) from load_people);

create temporary table load_projects as
select p.id, p.owner_id, row_number() over (order by p.id desc) - 1 as at
from community.projects as p where p.title like 'Project %';
create unique index on load_projects (at);
analyze load_projects;

-- Thirty for each, and for the newest five one of every other person, of these days.
insert into community.votes (project_id, owner_id, user_id, voted_at, recency)
select j.id, j.owner_id, p.id, now() - v.days * interval '1 day',
  case when v.days < 7 then 'week' when v.days < 30 then 'month' else 'older' end
from load_projects as j, generate_series(0, 29) as n (n),
  lateral (select (j.at + n.n * 3) % 90 as days) as v, load_people as p
where j.at >= 5 and p.at = (j.at * 7 + n.n) % (select count(*) from load_people);
insert into community.votes (project_id, owner_id, user_id, voted_at)
select j.id, j.owner_id, p.id, now() - p.at % 5 * interval '1 day'
from load_projects as j, load_people as p
where j.at < 5 and p.at % 2 = 0;

insert into community.comments (project_id, author_id, body, created_at)
select j.id, p.id, 'Remark ' || n.n, now() - n.n * interval '1 day'
from load_projects as j, generate_series(1, 10) as n (n), load_people as p
where p.at = (j.at * 11 + n.n) % (select count(*) from load_people);

insert into community.badges (project_id, owner_id, validator_id, awarded_at)
select j.id, j.owner_id, p.id, now() - j.at * interval '10 minutes'
from load_projects as j, load_people as p
where p.at = 40 * (j.at % 20) + 2 and p.id <> j.owner_id;

insert into community.chains (owner_id, title)
select p.id, 'Chain ' || g.at from generate_series(1, 300) as g (at), load_people as p
where p.at = g.at * 3 % (select count(*) from load_people);
insert into community.chain_projects (chain_id, project_id)
select c.id, j.id from community.chains as c, generate_series(0, 9) as n (n), load_projects as j
where c.title like 'Chain %' and j.at = (c.id * 13 + n.n) % (select count(*) from load_projects);
insert into community.chain_followers (chain_id, user_id, followed_at, recency)
select c.id, p.id, now() - n.n * interval '8 hours', case when n.n < 21 then 'week' else 'older' end
from community.chains as c, generate_series(0, 59) as n (n), load_people as p
where c.title like 'Chain %' and n.n <= 10 + c.id % 50
  and p.at = (c.id * 17 + n.n) % (select count(*) from load_people);
insert into community.chain_posts (chain_id, author_id, body)
select c.id, c.owner_id, 'Post ' || n.n from community.chains as c, generate_series(1, 60) as n (n)
where c.title like 'Chain %';

insert into community.follows (follower_id, followed_id)
select a.id, b.id from load_people as a, generate_series(1, 20) as n (n), load_people as b
where b.at = (a.at + n.n * 3) % (select count(*) from load_people) and a.id <> b.id
on conflict do nothing;

with share as (select current_setting('load.share')::numeric as of)
insert into community.investors (type, name, company, bio, sectors, check_min, check_max)
select (array['individual', 'organization'])[1 + g.at % 2], 'Investor ' || g.at,
  'Company ' || g.at % 99,
  'Interested in ' || s.names[1 + g.at % 8],
  array[s.names[1 + g.at % 8], s.names[1 + (g.at / 8 + g.at + 1) % 8]],
  1000 * (1 + g.at % 50), 1000 * (100 + g.at % 900)
from share as h, generate_series(1, greatest(50, 2000 * h.of)::int) as g (at),
  (select string_to_array('health energy food finance media robotics education travel', ' ')
    as names) as s;

insert into community.notifications (receiver_id, actor_id, kind, link, created_at, read_at)
select p.id, a.id, 'comment', '/api/projects/' || j.id, now() - n.n * interval '3 hours',
  case when n.n > 5 then now() - interval '1 hour' end
from generate_series(1, ceil(100 * current_setting('load.share')::numeric)::int) as n (n),
  load_people as p, load_people as a, load_projects as j
where a.at = (p.at + n.n) % (select count(*) from load_people)
  and j.at = (p.at + n.n) % (select count(*) from load_projects)
order by n.n desc;

insert into community.conversations (low_id, high_id, started_at)
select least(a.id, b.id), greatest(a.id, b.id), now() - interval '20 days'
from load_people as a,
  generate_series(1, ceil(10 * current_setting('load.share')::numeric)::int) as n (n),
  load_people as b
where b.at = (a.at + n.n) % (select count(*) from load_people)
on conflict do nothing;
with sent as (
  insert into community.direct_messages (conversation_id, sender_id, body, sent_at)
  select c.id, case when n.n % 2 = 0 then c.low_id else c.high_id end, 'Message ' || n.n,
    now() - interval '10 days' + n.n * interval '1 day'
  from community.conversations as c, generate_series(1, 10) as n (n)
  returning id, conversation_id, sender_id
), members as (
  insert into community.conversation_members as m (conversation_id, user_id, last_message_id)
  select c.id, u.id, max(s.id)
  from sent as s join community.conversations as c on c.id = s.conversation_id,
    lateral (values (c.low_id), (c.high_id)) as u (id)
  group by c.id, u.id
  on conflict (conversation_id, user_id) do update set last_message_id = excluded.last_message_id
)
insert into community.receipts (message_id, conversation_id, receiver_id, read_at)
select s.id, c.id, case s.sender_id when c.low_id then c.high_id else c.low_id end,
  case when s.id % 10 > 2 then now() - interval '1 hour' end
from sent as s join community.conversations as c on c.id = s.conversation_id;

drop table load_people, load_projects;
