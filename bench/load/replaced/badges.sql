-- As the replaced system had them: no counters, indexes for its two counts.

create table replaced.users as
  select u.id, u.email, u.name, u.status, u.signed_up_at from accounts.users as u;
alter table replaced.users add primary key (id);
create index on replaced.users (status) where status = 'pending';

create table replaced.leads as
  select l.id, l.owner_id, l.name, l.email, l.status, l.created_at from leads.leads as l;
create sequence replaced.lead_ids;
select setval('replaced.lead_ids', max(l.id)) from replaced.leads as l;
alter table replaced.leads
  alter column id set default nextval('replaced.lead_ids'),
  add primary key (id);
create index on replaced.leads (owner_id, status);
create index on replaced.leads (status);
