-- The worst case: an insert that costs next to nothing by itself.
create table bare (
  id     bigint generated always as identity primary key,
  status text not null,
  amount integer not null
);

-- What applications have: ten columns, three indexes, a foreign key.
create table owners (
  id   integer primary key,
  name text not null
);
insert into owners select n, 'owner ' || n from generate_series(1, 1000) n;

create table leads (
  id         bigint generated always as identity primary key,
  owner_id   integer not null references owners on delete restrict,
  status     text not null,
  source     text not null,
  full_name  text not null,
  email      text not null,
  phone      text,
  score      integer not null,
  note       text,
  created_at timestamptz not null default now()
);
create index leads_owner on leads (owner_id);
create index leads_status on leads (status, created_at);
