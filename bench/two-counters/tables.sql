create table left_items (
  id     bigint generated always as identity primary key,
  status text not null
);
create table right_items (
  id     bigint generated always as identity primary key,
  status text not null
);
