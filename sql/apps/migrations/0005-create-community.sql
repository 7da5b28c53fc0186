-- Projects that people vote for, chains of projects, investors and who asks to meet them.

create schema community;
comment on schema community is
  'Projects, votes, chains, badges, investors, notifications and direct messages.';

create table community.projects (
  id bigint constraint projects_pkey primary key generated always as identity,
  owner_id uuid not null
    constraint projects_owner_id_fkey references accounts.users on delete cascade,
  title text not null constraint projects_title_check check (length(title) between 1 and 200),
  description text not null default ''
    constraint projects_description_check check (length(description) <= 10000),
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  words tsvector not null generated always as (to_tsvector('simple'::regconfig,
    regexp_replace(title || ' ' || description, '[^[:alnum:]]+', ' ', 'g'))) stored,
  constraint projects_id_owner_id_key unique (id, owner_id)
);
comment on table community.projects is 'What people build and show.';
comment on column community.projects.words is
  'For the search. Marks become spaces first, here as in what is searched for: else an address '
  'would be one word that nobody finds a part of.';
comment on constraint projects_id_owner_id_key on community.projects is
  'What votes and badges refer to, so that they can be counted per owner.';
create index projects_owner_id_idx on community.projects (owner_id, id desc);
comment on index community.projects_owner_id_idx is 'Somebody''s projects, newest first.';
create index projects_words_idx on community.projects using gin (words);
comment on index community.projects_words_idx is 'The search.';

create index users_words_idx on accounts.users using gin (to_tsvector('simple'::regconfig,
  regexp_replace(name, '[^[:alnum:]]+', ' ', 'g'))) where status = 'approved';
comment on index accounts.users_words_idx is 'People in the search of the community.';

create table community.votes (
  project_id bigint not null,
  owner_id uuid not null,
  user_id uuid not null
    constraint votes_user_id_fkey references accounts.users on delete cascade,
  voted_at timestamptz not null default now(),
  recency text not null default 'week'
    constraint votes_recency_check check (recency in ('week', 'month', 'older')),
  constraint votes_pkey primary key (project_id, user_id),
  constraint votes_project_id_fkey foreign key (project_id, owner_id)
    references community.projects (id, owner_id) on update cascade on delete cascade
);
comment on table community.votes is 'One of each user for each project.';
comment on column community.votes.owner_id is
  'The project''s: a counter sees one row, and votes are counted per owner, too.';
comment on column community.votes.recency is
  'How long ago: within 7 days, within 30, or before. The rules community_votes_week and '
  'community_votes_month move it on at the very moment, so that the boards of the week and of the '
  'month are counters like any other, exact at all times.';
create index votes_user_id_idx on community.votes (user_id);
comment on index community.votes_user_id_idx is 'For the foreign key.';
create index votes_week_idx on community.votes (project_id) where recency = 'week';
comment on index community.votes_week_idx is 'Tells whether a project trends.';

create table community.comments (
  id bigint constraint comments_pkey primary key generated always as identity,
  project_id bigint not null
    constraint comments_project_id_fkey references community.projects on delete cascade,
  author_id uuid not null
    constraint comments_author_id_fkey references accounts.users on delete cascade,
  body text not null constraint comments_body_check check (length(body) between 1 and 4000),
  created_at timestamptz not null default now()
);
comment on table community.comments is 'What people say about a project.';
create index comments_project_id_idx on community.comments (project_id, id desc);
comment on index community.comments_project_id_idx is 'A project''s comments, newest first.';
create index comments_author_id_idx on community.comments (author_id);
comment on index community.comments_author_id_idx is 'For the foreign key.';

create table community.badges (
  project_id bigint not null,
  owner_id uuid not null,
  validator_id uuid not null
    constraint badges_validator_id_fkey references accounts.users on delete cascade,
  note text not null default '' constraint badges_note_check check (length(note) <= 500),
  awarded_at timestamptz not null default now(),
  constraint badges_pkey primary key (project_id, validator_id),
  constraint badges_project_id_fkey foreign key (project_id, owner_id)
    references community.projects (id, owner_id) on update cascade on delete cascade
);
comment on table community.badges is 'A validator vouches for a project.';
comment on column community.badges.owner_id is 'The project''s, as in votes.';
create index badges_validator_id_idx on community.badges (validator_id, awarded_at desc);
comment on index community.badges_validator_id_idx is 'What a validator awarded, newest first.';

create table community.chains (
  id bigint constraint chains_pkey primary key generated always as identity,
  owner_id uuid not null
    constraint chains_owner_id_fkey references accounts.users on delete cascade,
  title text not null constraint chains_title_check check (length(title) between 1 and 200),
  description text not null default ''
    constraint chains_description_check check (length(description) <= 10000),
  created_at timestamptz not null default now(),
  words tsvector not null generated always as (to_tsvector('simple'::regconfig,
    regexp_replace(title || ' ' || description, '[^[:alnum:]]+', ' ', 'g'))) stored
);
comment on table community.chains is 'Projects that belong together, with followers and posts.';
comment on column community.chains.words is 'For the search, as in projects.';
create index chains_owner_id_idx on community.chains (owner_id);
comment on index community.chains_owner_id_idx is 'For the foreign key.';
create index chains_words_idx on community.chains using gin (words);
comment on index community.chains_words_idx is 'The search.';

create table community.chain_projects (
  chain_id bigint not null
    constraint chain_projects_chain_id_fkey references community.chains on delete cascade,
  project_id bigint not null
    constraint chain_projects_project_id_fkey references community.projects on delete cascade,
  added_at timestamptz not null default now(),
  constraint chain_projects_pkey primary key (chain_id, project_id)
);
comment on table community.chain_projects is 'Which projects are in which chain.';
create index chain_projects_project_id_idx on community.chain_projects (project_id);
comment on index community.chain_projects_project_id_idx is 'For the foreign key.';

create table community.chain_followers (
  chain_id bigint not null
    constraint chain_followers_chain_id_fkey references community.chains on delete cascade,
  user_id uuid not null
    constraint chain_followers_user_id_fkey references accounts.users on delete cascade,
  followed_at timestamptz not null default now(),
  recency text not null default 'week'
    constraint chain_followers_recency_check check (recency in ('week', 'older')),
  constraint chain_followers_pkey primary key (chain_id, user_id)
);
comment on table community.chain_followers is 'Who follows which chain.';
comment on column community.chain_followers.recency is
  'Within 7 days, or before: as in votes, by the rule community_chain_follows_week.';
create index chain_followers_user_id_idx on community.chain_followers (user_id);
comment on index community.chain_followers_user_id_idx is 'For the foreign key.';

create table community.chain_posts (
  id bigint constraint chain_posts_pkey primary key generated always as identity,
  chain_id bigint not null
    constraint chain_posts_chain_id_fkey references community.chains on delete cascade,
  author_id uuid not null
    constraint chain_posts_author_id_fkey references accounts.users on delete cascade,
  body text not null constraint chain_posts_body_check check (length(body) between 1 and 4000),
  created_at timestamptz not null default now()
);
comment on table community.chain_posts is 'What a chain''s owner and followers write in it.';
create index chain_posts_chain_id_idx on community.chain_posts (chain_id, id desc);
comment on index community.chain_posts_chain_id_idx is 'A chain''s posts, newest first.';
create index chain_posts_author_id_idx on community.chain_posts (author_id);
comment on index community.chain_posts_author_id_idx is 'For the foreign key.';

create table community.follows (
  follower_id uuid not null
    constraint follows_follower_id_fkey references accounts.users on delete cascade,
  followed_id uuid not null
    constraint follows_followed_id_fkey references accounts.users on delete cascade,
  followed_at timestamptz not null default now(),
  constraint follows_pkey primary key (follower_id, followed_id),
  constraint follows_self_check check (follower_id <> followed_id)
);
comment on table community.follows is 'Who follows whom.';
create index follows_followed_id_idx on community.follows (followed_id);
comment on index community.follows_followed_id_idx is 'For the foreign key.';

create table community.investors (
  id uuid constraint investors_pkey primary key default gen_random_uuid(),
  user_id uuid constraint investors_user_id_key unique
    constraint investors_user_id_fkey references accounts.users on delete cascade,
  type text not null
    constraint investors_type_check check (type in ('individual', 'organization')),
  name text not null constraint investors_name_check check (length(name) between 1 and 200),
  company text not null default ''
    constraint investors_company_check check (length(company) <= 200),
  bio text not null default '' constraint investors_bio_check check (length(bio) <= 4000),
  sectors text[] not null default '{}' constraint investors_sectors_check check (
    cardinality(sectors) <= 20 and array_position(sectors, null) is null
    and array_position(sectors, '') is null and length(array_to_string(sectors, '')) <= 1000
    and array_to_string(sectors, ',') = lower(array_to_string(sectors, ','))),
  check_min bigint not null default 0,
  check_max bigint not null,
  listed boolean not null default true,
  stamp bigint not null,
  created_at timestamptz not null default now(),
  words tsvector not null generated always as (to_tsvector('simple'::regconfig,
    regexp_replace(name || ' ' || company || ' ' || bio, '[^[:alnum:]]+', ' ', 'g'))) stored,
  constraint investors_user_check check (user_id is null or user_id = id),
  constraint investors_checks_check
    check (check_min >= 0 and check_max between check_min and 1000000000000)
);
comment on table community.investors is
  'The directory. An entry belongs to the user of the same id, or to nobody: admins look after it.';
comment on column community.investors.sectors is 'In lower case.';
comment on column community.investors.check_min is 'The smallest cheque, in whole dollars.';
comment on column community.investors.check_max is 'The largest cheque, in whole dollars.';
comment on column community.investors.listed is
  'Whether it is in the public directory and its numbers. Of a user: while he is approved, by the '
  'triggers _050_listed and, on accounts.users, _500_list_investor. Of nobody: as admins have it.';
comment on column community.investors.stamp is
  'A random number, another one after each change (trigger _100_stamp). The counter '
  'community_directory adds them up: the sum is another one whenever the directory is.';
comment on column community.investors.words is 'For the search, as in projects.';
create index investors_name_idx on community.investors (name, id) where listed;
comment on index community.investors_name_idx is 'The order of the directory.';
create index investors_type_idx on community.investors (type, name, id) where listed;
comment on index community.investors_type_idx is 'The order of the directory, of one type.';
create index investors_sectors_idx on community.investors using gin (sectors) where listed;
comment on index community.investors_sectors_idx is 'The directory by sectors.';
create index investors_words_idx on community.investors using gin (words) where listed;
comment on index community.investors_words_idx is 'The directory by words.';
create index investors_checks_idx on community.investors
  using gist (int8range(check_min, check_max, '[]')) where listed;
comment on index community.investors_checks_idx is 'The directory by the size of cheques.';

create table community.investor_sectors (
  investor_id uuid not null
    constraint investor_sectors_investor_id_fkey references community.investors on delete cascade,
  sector text not null,
  constraint investor_sectors_pkey primary key (investor_id, sector)
);
comment on table community.investor_sectors is
  'investors.sectors of those that are listed, one in a row, by the trigger _500_sectors: what is '
  'counted per sector.';

create table community.intro_requests (
  id bigint constraint intro_requests_pkey primary key generated always as identity,
  requester_id uuid not null
    constraint intro_requests_requester_id_fkey references accounts.users on delete cascade,
  investor_id uuid not null
    constraint intro_requests_investor_id_fkey references community.investors on delete cascade,
  project_id bigint
    constraint intro_requests_project_id_fkey references community.projects on delete set null,
  message text not null
    constraint intro_requests_message_check check (length(message) between 1 and 2000),
  status text not null default 'pending'
    constraint intro_requests_status_check check (status in ('pending', 'accepted', 'declined')),
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  constraint intro_requests_decided_check check ((status = 'pending') = (decided_at is null))
);
comment on table community.intro_requests is 'Somebody asks an investor to meet.';
create unique index intro_requests_pending_key on community.intro_requests (requester_id, investor_id)
  where status = 'pending';
comment on index community.intro_requests_pending_key is
  'One at a time, of the same user to the same investor.';
create index intro_requests_investor_id_idx on community.intro_requests (investor_id, id desc);
comment on index community.intro_requests_investor_id_idx is 'An investor''s, newest first.';
create index intro_requests_requester_id_idx on community.intro_requests (requester_id, id desc);
comment on index community.intro_requests_requester_id_idx is 'A user''s own, newest first.';
create index intro_requests_project_id_idx on community.intro_requests (project_id)
  where project_id is not null;
comment on index community.intro_requests_project_id_idx is 'For the foreign key.';
create index intro_requests_pending_idx on community.intro_requests (id) where status = 'pending';
comment on index community.intro_requests_pending_idx is 'Those that wait, for admins.';

create table community.feedback (
  id bigint constraint feedback_pkey primary key generated always as identity,
  author_id uuid not null
    constraint feedback_author_id_fkey references accounts.users on delete cascade,
  body text not null constraint feedback_body_check check (length(body) between 1 and 4000),
  status text not null default 'pending'
    constraint feedback_status_check check (status in ('pending', 'handled')),
  created_at timestamptz not null default now(),
  handled_at timestamptz,
  constraint feedback_handled_check check ((status = 'pending') = (handled_at is null))
);
comment on table community.feedback is 'What users say to the admins.';
create index feedback_pending_idx on community.feedback (id) where status = 'pending';
comment on index community.feedback_pending_idx is 'What waits, oldest first.';
create index feedback_author_id_idx on community.feedback (author_id);
comment on index community.feedback_author_id_idx is 'For the foreign key.';

create table community.notifications (
  id bigint constraint notifications_pkey primary key generated always as identity,
  receiver_id uuid not null
    constraint notifications_receiver_id_fkey references accounts.users on delete cascade,
  actor_id uuid
    constraint notifications_actor_id_fkey references accounts.users on delete cascade,
  kind text not null constraint notifications_kind_check check (kind in (
    'comment', 'badge', 'follow', 'chain-follow',
    'intro-request', 'intro-accepted', 'intro-declined')),
  link text not null default '' constraint notifications_link_check check (length(link) <= 200),
  created_at timestamptz not null default now(),
  read_at timestamptz
);
comment on table community.notifications is 'What happened to whom, until and after he reads it.';
comment on column community.notifications.link is 'The path of what it is about; may be empty.';
create index notifications_receiver_id_idx on community.notifications (receiver_id, id desc);
comment on index community.notifications_receiver_id_idx is 'Somebody''s, newest first.';
create index notifications_unread_idx on community.notifications (receiver_id, id)
  where read_at is null;
comment on index community.notifications_unread_idx is 'What reading all of them looks up.';
create index notifications_actor_id_idx on community.notifications (actor_id)
  where actor_id is not null;
comment on index community.notifications_actor_id_idx is 'For the foreign key.';

create table community.conversations (
  id bigint constraint conversations_pkey primary key generated always as identity,
  low_id uuid not null
    constraint conversations_low_id_fkey references accounts.users on delete cascade,
  high_id uuid not null
    constraint conversations_high_id_fkey references accounts.users on delete cascade,
  started_at timestamptz not null default now(),
  constraint conversations_pair_check check (low_id < high_id),
  constraint conversations_pair_key unique (low_id, high_id)
);
comment on table community.conversations is
  'Of two people, the lower id first: whoever writes first, there is one.';
create index conversations_high_id_idx on community.conversations (high_id);
comment on index community.conversations_high_id_idx is 'For the foreign key.';

create table community.conversation_members (
  conversation_id bigint not null constraint conversation_members_conversation_id_fkey
    references community.conversations on delete cascade,
  user_id uuid not null
    constraint conversation_members_user_id_fkey references accounts.users on delete cascade,
  last_message_id bigint not null default 0,
  constraint conversation_members_pkey primary key (conversation_id, user_id)
);
comment on table community.conversation_members is 'Who is in which conversation.';
comment on column community.conversation_members.last_message_id is
  'The newest message: each member has his conversations in the order in which they live.';
create index conversation_members_user_id_idx
  on community.conversation_members (user_id, last_message_id desc, conversation_id desc);
comment on index community.conversation_members_user_id_idx is
  'Somebody''s conversations, the liveliest first.';

create table community.direct_messages (
  id bigint constraint direct_messages_pkey primary key generated always as identity,
  conversation_id bigint not null constraint direct_messages_conversation_id_fkey
    references community.conversations on delete cascade,
  sender_id uuid not null
    constraint direct_messages_sender_id_fkey references accounts.users on delete cascade,
  body text not null constraint direct_messages_body_check check (length(body) between 1 and 4000),
  sent_at timestamptz not null default now(),
  constraint direct_messages_id_conversation_id_key unique (id, conversation_id)
);
comment on table community.direct_messages is 'What one says to the other.';
create index direct_messages_conversation_id_idx
  on community.direct_messages (conversation_id, id desc);
comment on index community.direct_messages_conversation_id_idx is
  'A conversation''s messages, newest first.';
create index direct_messages_sender_id_idx on community.direct_messages (sender_id);
comment on index community.direct_messages_sender_id_idx is 'For the foreign key.';

create table community.receipts (
  message_id bigint not null,
  conversation_id bigint not null,
  receiver_id uuid not null
    constraint receipts_receiver_id_fkey references accounts.users on delete cascade,
  read_at timestamptz,
  constraint receipts_pkey primary key (message_id, receiver_id),
  constraint receipts_message_id_fkey foreign key (message_id, conversation_id)
    references community.direct_messages (id, conversation_id) on delete cascade
);
comment on table community.receipts is
  'A message and whom it is for: a row that can be counted as read or unread.';
create index receipts_receiver_id_idx on community.receipts (receiver_id);
comment on index community.receipts_receiver_id_idx is 'For the foreign key.';
create index receipts_unread_idx on community.receipts (receiver_id, conversation_id)
  where read_at is null;
comment on index community.receipts_unread_idx is 'What reading a conversation looks up.';

-- The numbers. Those of one person are for that person; the rest is what everybody sees.

select tally.create_counter(
  'community_members', 'accounts.users', filter => $$status = 'approved'$$, audience => 'public'
);
select tally.create_counter('community_projects', 'community.projects', audience => 'public');
select tally.create_counter(
  'community_projects_of', 'community.projects', scope => 'owner_id', audience => 'public'
);
select tally.create_counter(
  'community_comments_on', 'community.comments', scope => 'project_id', audience => 'public'
);
select tally.create_counter(
  'community_comments_of', 'community.comments', scope => 'author_id', audience => 'public'
);
select tally.create_counter(
  'community_votes', 'community.votes',
  scope => 'project_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_votes_month', 'community.votes', filter => $$recency in ('week', 'month')$$,
  scope => 'project_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_votes_week', 'community.votes', filter => $$recency = 'week'$$,
  scope => 'project_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_votes_received', 'community.votes',
  scope => 'owner_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_badges_on', 'community.badges', scope => 'project_id', audience => 'public'
);
select tally.create_counter(
  'community_badges_of', 'community.badges', scope => 'owner_id', audience => 'public'
);
select tally.create_counter(
  'community_badges_by', 'community.badges', scope => 'validator_id', audience => 'public'
);
select tally.create_counter('community_chains', 'community.chains', audience => 'public');
select tally.create_counter(
  'community_chain_projects', 'community.chain_projects', scope => 'chain_id', audience => 'public'
);
select tally.create_counter(
  'community_chain_followers', 'community.chain_followers',
  scope => 'chain_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_chain_follows_week', 'community.chain_followers', filter => $$recency = 'week'$$,
  scope => 'chain_id', audience => 'public', ranked => true
);
select tally.create_counter(
  'community_chain_posts', 'community.chain_posts', scope => 'chain_id', audience => 'public'
);
select tally.create_counter(
  'community_followers', 'community.follows', scope => 'followed_id', audience => 'public'
);
select tally.create_counter(
  'community_following', 'community.follows', scope => 'follower_id', audience => 'public'
);
select tally.create_counter(
  'community_investors', 'community.investors', filter => 'listed', audience => 'public'
);
select tally.create_counter(
  'community_investors_by_type', 'community.investors',
  filter => 'listed', scope => 'type', audience => 'public'
);
select tally.create_counter(
  'community_investors_by_sector', 'community.investor_sectors',
  scope => 'sector', audience => 'public', ranked => true
);
-- No number of anything: it is another one whenever a row of the directory is. That two different
-- directories add up to the same happens once in 2^40 changes.
select tally.create_counter(
  'community_directory', 'community.investors', filter => 'listed', amount => 'stamp'
);
select tally.create_counter(
  'community_intros', 'community.intro_requests', scope => 'status', audience => 'role:admin'
);
select tally.create_counter(
  'community_intros_sent', 'community.intro_requests',
  scope => $$requester_id || '/' || status$$, audience => 'owner'
);
select tally.create_counter(
  'community_intros_received', 'community.intro_requests',
  scope => $$investor_id || '/' || status$$, audience => 'owner'
);
select tally.create_counter(
  'community_feedback_pending', 'community.feedback',
  filter => $$status = 'pending'$$, audience => 'role:admin'
);
select tally.create_counter(
  'community_unread_notifications', 'community.notifications',
  filter => 'read_at is null', scope => 'receiver_id', audience => 'owner'
);
select tally.create_counter(
  'community_unread_messages', 'community.receipts',
  filter => 'read_at is null', scope => 'receiver_id', audience => 'owner'
);
select tally.create_counter(
  'community_unread_in', 'community.receipts',
  filter => 'read_at is null', scope => $$receiver_id || '/' || conversation_id$$,
  audience => 'owner'
);

-- Hours of UTC, so that neither a session's time zone nor a change of clocks moves the moment.

select tally.create_expiry(
  'community_votes_week', 'community.votes',
  due => $$(voted_at at time zone 'UTC' + interval '7 days') at time zone 'UTC'$$,
  filter => $$recency = 'week'$$, change => $$recency = 'month'$$
);
select tally.create_expiry(
  'community_votes_month', 'community.votes',
  due => $$(voted_at at time zone 'UTC' + interval '30 days') at time zone 'UTC'$$,
  filter => $$recency = 'month'$$, change => $$recency = 'older'$$
);
select tally.create_expiry(
  'community_chain_follows_week', 'community.chain_followers',
  due => $$(followed_at at time zone 'UTC' + interval '7 days') at time zone 'UTC'$$,
  filter => $$recency = 'week'$$, change => $$recency = 'older'$$
);
