-- As the replaced system had them, with the indexes of its notes.

create table replaced.dashboard_daily_summary as
  select d.facility_id, d.date, d.total_stock, d.total_transferred, d.total_requests, d.updated_at
  from facilities.days as d where d.closed;
alter table replaced.dashboard_daily_summary add primary key (facility_id, date);

create table replaced.blood_banks as select b.id, b.facility_id from facilities.blood_banks as b;
alter table replaced.blood_banks add primary key (id);
create index on replaced.blood_banks (facility_id);

create table replaced.blood_inventory as
  select i.id, i.blood_bank_id, i.quantity from facilities.inventory as i;
create index on replaced.blood_inventory (blood_bank_id, quantity) where quantity > 0;

create table replaced.blood_distributions as
  select s.id, s.dispatched_to as dispatched_to_id, s.quantity, s.delivered_at as date_delivered
  from facilities.distributions as s;
alter table replaced.blood_distributions add primary key (id);
create index on replaced.blood_distributions (dispatched_to_id, date_delivered, quantity)
  where date_delivered is not null;

create table replaced.blood_requests as
  select r.id, r.facility_id, r.blood_type, r.quantity, r.created_at from facilities.requests as r;
create sequence replaced.request_ids;
select setval('replaced.request_ids', max(r.id)) from replaced.blood_requests as r;
alter table replaced.blood_requests
  alter column id set default nextval('replaced.request_ids'),
  add primary key (id);
create index on replaced.blood_requests (facility_id, created_at);
