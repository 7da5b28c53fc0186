-- As the replaced system had them, with the indexes that it was given at last.

create table replaced.matches as select m.id, m.title from calls.matches as m;
alter table replaced.matches add primary key (id);
create table replaced.rooms as select r.id, r.name, r.match_id from calls.rooms as r;
alter table replaced.rooms add primary key (id);

create table replaced.invitations as
  select i.id, i.created_at, i.caller_id, i.receiver_id, i.room_id, i.status, i.expires_at
  from calls.invitations as i;
create sequence replaced.invitation_ids;
select setval('replaced.invitation_ids', max(i.id)) from replaced.invitations as i;
alter table replaced.invitations
  alter column id set default nextval('replaced.invitation_ids'),
  add primary key (id);
create index on replaced.invitations (receiver_id, status, expires_at);
create index on replaced.invitations (status, created_at);
create index on replaced.invitations (caller_id, status);
