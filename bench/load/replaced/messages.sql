-- As the replaced system had them.

create table replaced.messages as
  select m.id, m.account_id, m.status, m.sent_at from messages.messages as m;
alter table replaced.messages add primary key (id);
create index on replaced.messages (sent_at);
create index on replaced.messages (account_id);
