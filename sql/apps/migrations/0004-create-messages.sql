-- Direct messages as a webhook reports them, and what is counted of them. Days and hours are UTC.

create schema messages;
comment on schema messages is 'Direct messages of accounts. Statistics for admins: message_stats.';

create table messages.messages (
  id text collate "C" constraint messages_pkey primary key
    constraint messages_id_check check (length(id) between 1 and 255),
  account_id text not null
    constraint messages_account_id_check check (length(account_id) between 1 and 100),
  status text not null default 'sent'
    constraint messages_status_check check (status in ('sent', 'delivered', 'read', 'failed')),
  sent_at timestamptz not null,
  received_at timestamptz not null default now(),
  moved_at timestamptz
);

comment on table messages.messages is 'Each message once, however often it was reported.';
comment on column messages.messages.id is 'Whatever the platform calls it.';
comment on column messages.messages.status is
  'The furthest that was heard of: sent, delivered, read, failed.';
comment on column messages.messages.received_at is 'When it was first heard of.';
comment on column messages.messages.moved_at is 'When status last changed; NULL: never.';

create table messages.minutes (
  minute timestamptz not null,
  messages integer not null
);

comment on table messages.minutes is
  'How many messages of a minute came with a statement (or went: below zero), of the last hour. '
  'Written by triggers; the retention message_minutes takes rows away after two hours.';
comment on column messages.minutes.minute is 'The minute in which they were sent.';

create index minutes_minute_idx on messages.minutes (minute);
comment on index messages.minutes_minute_idx is
  'For the retention, and for rows that it should have taken away by now.';

select tally.create_counter(
  'messages_by_status', 'messages.messages', scope => 'status', audience => 'role:admin'
);
select tally.create_counter(
  'messages_by_day', 'messages.messages',
  scope => $$to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD') || '/' || status$$,
  audience => 'role:admin'
);
select tally.create_counter(
  'messages_by_hour', 'messages.messages',
  scope => $$to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24') || '/' || status$$,
  audience => 'role:admin'
);
select tally.create_counter(
  'messages_by_account', 'messages.messages',
  scope => 'account_id', audience => 'role:admin', ranked => true
);
-- A ring: the same 1440 scopes every day, which are back at zero long before they come round. A
-- scope for each minute that ever was would stay for ever.
select tally.create_counter(
  'messages_by_minute', 'messages.minutes',
  scope => $$to_char(minute at time zone 'UTC', 'HH24:MI')$$, amount => 'messages'
);
select tally.create_retention('message_minutes', 'messages.minutes', 'minute', '2 hours');

-- A new minute begins without a write.
insert into tally.jobs (name, command, every, next_at)
values (
  'message stats', $$select tally.refresh('message_stats', '')$$, '1 minute',
  date_trunc('minute', now()) + interval '1 minute'
);
