-- People, and who of them waits to be let in. Passwords are nobody's business here: who asks comes
-- in a token, whose sub is users.id.

create schema accounts;
comment on schema accounts is 'Users: sign-up, and approval by an admin. Badge: pending_users.';

create table accounts.users (
  id uuid constraint users_pkey primary key default gen_random_uuid(),
  email text not null
    constraint users_email_check check (email = lower(email) and length(email) <= 254)
    constraint users_email_key unique,
  name text not null
    constraint users_name_check check (length(name) between 1 and 200),
  status text not null default 'pending'
    constraint users_status_check check (status in ('pending', 'approved', 'rejected')),
  signed_up_at timestamptz not null default now(),
  decided_at timestamptz,
  decided_by uuid
    constraint users_decided_by_fkey references accounts.users on delete set null,
  constraint users_decided_check check ((status = 'pending') = (decided_at is null))
);

comment on table accounts.users is 'Everybody who ever signed up; other applications refer to them.';
comment on column accounts.users.email is 'In lower case: the same address signs up once.';
comment on column accounts.users.status is
  'pending until an admin says approved or rejected; who was rejected may sign up again.';
comment on column accounts.users.decided_by is 'The admin; NULL when that was the demo, or is gone.';

create index users_pending_idx on accounts.users (signed_up_at, id) where status = 'pending';
comment on index accounts.users_pending_idx is 'The list of those who wait, longest first.';
create index users_decided_by_idx on accounts.users (decided_by) where decided_by is not null;
comment on index accounts.users_decided_by_idx is 'For the foreign key, when an admin is deleted.';

select tally.create_counter(
  'pending_users', 'accounts.users',
  filter => $$status = 'pending'$$, audience => 'role:admin'
);
