-- As the replaced system had them: counts in columns, which its code kept.

create table replaced.people as
  select u.id, u.name, count(p.id)::int as project_count
  from accounts.users as u left join community.projects as p on p.owner_id = u.id
  where u.status = 'approved' group by u.id;
alter table replaced.people add primary key (id);

create table replaced.votes as select v.project_id, v.user_id, v.voted_at from community.votes as v;
alter table replaced.votes add primary key (project_id, user_id);
create index on replaced.votes (voted_at);

create table replaced.comments as
  select c.id, c.project_id, c.author_id from community.comments as c;
create index on replaced.comments (author_id);
create table replaced.badges as select b.project_id, b.owner_id from community.badges as b;
create index on replaced.badges (owner_id);
create index on replaced.badges (project_id);

create table replaced.projects as
  select p.id, p.owner_id, p.title, p.description, p.created_at,
    (select count(*)::int from replaced.votes as v where v.project_id = p.id) as vote_count,
    (select count(*)::int from community.comments as c where c.project_id = p.id) as comment_count
  from community.projects as p;
alter table replaced.projects add primary key (id);
create index on replaced.projects (owner_id, created_at);
create index on replaced.projects (created_at);
create index on replaced.projects (vote_count);

create table replaced.chains as
  select c.id, c.owner_id, c.title,
    (select count(*)::int from community.chain_projects as p where p.chain_id = c.id)
      as project_count,
    (select count(*)::int from community.chain_followers as f where f.chain_id = c.id)
      as follower_count
  from community.chains as c;
alter table replaced.chains add primary key (id);
create index on replaced.chains (follower_count);

create table replaced.intro_requests as
  select i.id, i.requester_id, i.status from community.intro_requests as i;
create index on replaced.intro_requests (requester_id);

create table replaced.notifications as
  select n.id, n.receiver_id, n.actor_id, n.kind, n.link, n.created_at, n.read_at
  from community.notifications as n;
create index on replaced.notifications (receiver_id, created_at);
create index on replaced.notifications (receiver_id) where read_at is null;

create table replaced.conversations as
  select c.id, c.low_id, c.high_id, max(d.id) as last_message_id
  from community.conversations as c
  join community.direct_messages as d on d.conversation_id = c.id group by c.id;
create index on replaced.conversations (low_id, last_message_id);
create index on replaced.conversations (high_id, last_message_id);
create table replaced.direct_messages as
  select d.id, d.sender_id, d.body, d.sent_at, r.receiver_id, r.read_at
  from community.direct_messages as d join community.receipts as r on r.message_id = d.id;
alter table replaced.direct_messages add primary key (id);
create index on replaced.direct_messages (receiver_id) where read_at is null;
