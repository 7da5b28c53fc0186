-- Twelve facilities in four time zones, with two blood banks each and 45 days behind them. Uma works
-- at the first.

insert into facilities.facilities (id, name, time_zone, created_at)
select ('00000000-0000-4000-b000-' || lpad(to_hex(f.at), 12, '0'))::uuid, f.name,
  (array['Europe/Berlin', 'America/New_York', 'Asia/Tokyo', 'UTC'])[1 + f.at % 4],
  now() - interval '45 days'
from (
  select g.at, (array['Saint Anna', 'Riverside', 'North Gate', 'Old Harbor', 'Hillcrest', 'Lakeview'])
      [1 + g.at % 6] || ' ' || case when g.at <= 6 then 'Hospital' else 'Clinic' end as name
  from generate_series(1, 12) as g (at)
) as f;

insert into facilities.staff (facility_id, user_id)
select f.id, pg_temp.somebody(588) from facilities.facilities as f
union
select '00000000-0000-4000-b000-000000000001', '00000000-0000-4000-8000-000000000004';

insert into facilities.blood_banks (id, facility_id, name)
select overlay(f.id::text placing ('a00' || b.at) from 20 for 4)::uuid, f.id,
  f.name || ', bank ' || b.at
from facilities.facilities as f, generate_series(1, 2) as b (at);

-- What came in: most of it has been used up or has expired since.
insert into facilities.inventory (
  blood_bank_id, facility_id, blood_type, quantity, state, received_at, expires_at
)
select i.bank_id, i.facility_id, i.blood_type, case when i.is_used then 0 else i.quantity end,
  case when i.is_used then 'issued' else 'stock' end, i.received_at,
  i.received_at + interval '35 days'
from (
  select b.id as bank_id, b.facility_id,
    (array['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+'])[1 + floor(random() * 8)] as blood_type,
    5 + floor(random() * 40)::int as quantity,
    random() < 0.5 as is_used,
    now() - random() * interval '44 days' as received_at
  from facilities.blood_banks as b, generate_series(1, 60)
) as i
order by i.received_at;

insert into facilities.requests (facility_id, requested_by, blood_type, quantity, created_at)
select r.facility_id, r.user_id,
  (array['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+'])[1 + floor(random() * 8)],
  1 + floor(random() * 10)::int, now() - random() * interval '44 days'
from facilities.staff as r, generate_series(1, 120);

insert into facilities.distributions (
  dispatched_from, dispatched_to, blood_type, quantity, dispatched_at, delivered_at
)
select d.from_id, d.to_id,
  (array['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+'])[1 + floor(random() * 8)],
  1 + floor(random() * 15)::int, d.at,
  case when d.at < now() - interval '3 hours' then d.at + interval '2 hours' end
from (
  select f.id as from_id,
    ('00000000-0000-4000-b000-' || lpad(to_hex(1 + floor(random() * 12)::int), 12, '0'))::uuid
      as to_id,
    now() - random() * interval '44 days' as at
  from facilities.facilities as f, generate_series(1, 60)
) as d
where d.from_id <> d.to_id;
