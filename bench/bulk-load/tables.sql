create table items (
  id      bigint generated always as identity primary key,
  list_id integer not null,
  status  text not null
);
