-- Invitations to a call in a room of a match. Each is over after a while, whoever looks.

create schema calls;
comment on schema calls is
  'Invitations to calls, which expire. Badge: pending_calls. Document: call_invitations.';

create table calls.matches (
  id bigint constraint matches_pkey primary key generated always as identity,
  title text not null constraint matches_title_check check (length(title) between 1 and 200)
);

comment on table calls.matches is 'What people meet about; each has rooms.';

create table calls.rooms (
  id bigint constraint rooms_pkey primary key generated always as identity,
  match_id bigint not null
    constraint rooms_match_id_fkey references calls.matches on delete cascade,
  name text not null constraint rooms_name_check check (length(name) between 1 and 200)
);

comment on table calls.rooms is 'Where a call takes place.';
create index rooms_match_id_idx on calls.rooms (match_id);
comment on index calls.rooms_match_id_idx is 'For the foreign key, and when a match is renamed.';

-- A sequence by itself: until PostgreSQL 17 a partition has no identity column.
create sequence calls.invitation_ids as bigint;
comment on sequence calls.invitation_ids is 'Of calls.invitations.id, whatever the partition.';

create table calls.invitations (
  id bigint not null default nextval('calls.invitation_ids'),
  created_at timestamptz not null default now(),
  caller_id uuid not null
    constraint invitations_caller_id_fkey references accounts.users on delete cascade,
  receiver_id uuid not null
    constraint invitations_receiver_id_fkey references accounts.users on delete cascade,
  room_id bigint not null
    constraint invitations_room_id_fkey references calls.rooms on delete cascade,
  status text not null default 'pending'
    constraint invitations_status_check
    check (status in ('pending', 'accepted', 'declined', 'cancelled', 'expired')),
  expires_at timestamptz not null,
  ended_at timestamptz,
  constraint invitations_pkey primary key (id, created_at),
  constraint invitations_two_check check (caller_id <> receiver_id),
  constraint invitations_expires_check check (expires_at > created_at),
  constraint invitations_ended_check check ((status = 'pending') = (ended_at is null)),
  constraint invitations_in_time_check
    check (case when status = 'expired' then ended_at = expires_at else ended_at < expires_at end)
) partition by range (created_at);

alter sequence calls.invitation_ids owned by calls.invitations.id;

comment on table calls.invitations is
  'Who called whom, and how it ended. A pending one whose expires_at has passed is over: readers '
  'look at the time, and the rule call_invitations says so in the row. Seven days after its end it '
  'goes.';
comment on column calls.invitations.ended_at is
  'When it was answered or cancelled, which is before expires_at; or else expires_at.';

create index invitations_receiver_idx on calls.invitations (receiver_id, status, expires_at);
comment on index calls.invitations_receiver_idx is
  'Who calls me, soonest to expire first; and the foreign key.';
create index invitations_status_idx on calls.invitations (status, created_at);
comment on index calls.invitations_status_idx is 'Of one state, by age: for whoever looks around.';
create index invitations_caller_idx on calls.invitations (caller_id, status);
comment on index calls.invitations_caller_idx is
  'Whom I call; the foreign key; and when somebody is renamed.';
create index invitations_sent_idx on calls.invitations (caller_id, id);
comment on index calls.invitations_sent_idx is 'Whom I called, newest first, page by page.';
create index invitations_room_id_idx on calls.invitations (room_id, status);
comment on index calls.invitations_room_id_idx is
  'For the foreign key, and when a room is renamed.';
create index invitations_ended_idx on calls.invitations (ended_at) where status <> 'pending';
comment on index calls.invitations_ended_idx is 'For the retention.';

-- What is a few days old at the beginning (the demo, rows of another system) has a place too.
do $$
begin
  execute (
    select format('create table calls.invitations_before partition of calls.invitations '
                  'for values from (minvalue) to (%L)',
                  date_trunc('month', now() at time zone s.time_zone) at time zone s.time_zone)
    from tally.settings as s
  );
end
$$;

select tally.ensure_partitions('calls.invitations', ahead => '2 months');

-- A unique index on a partitioned table has to hold the partition's key, so one pending invitation
-- of a pair cannot be its business.
create table calls.pending (
  caller_id uuid not null,
  receiver_id uuid not null,
  invitation_id bigint not null,
  expires_at timestamptz not null,
  constraint pending_pkey primary key (caller_id, receiver_id)
);

comment on table calls.pending is
  'One pending invitation at most of each caller to each receiver: its key sees to that, whatever '
  'sessions do at once. Kept by the trigger _400_keep_pending of calls.invitations.';

create table calls.renames (
  receiver_id uuid not null
);

comment on table calls.renames is
  'Marks the documents that show a caller, room or match of another name. Always empty: what '
  'calls.tell_receivers puts in it is gone before it ends.';

select tally.create_counter(
  'pending_calls', 'calls.invitations',
  filter => $$status = 'pending'$$, scope => 'receiver_id', audience => 'owner'
);
select tally.create_expiry(
  'call_invitations', 'calls.invitations', 'expires_at',
  $$status = 'pending'$$, $$status = 'expired', ended_at = expires_at$$
);
select tally.create_retention(
  'call_invitations', 'calls.invitations', 'ended_at', '7 days', $$status <> 'pending'$$
);
