-- 1 000 facilities with a year of closed days each: 365 000 rows. Each has a blood bank with 20
-- items, 20 requests of today, and 20 distributions under way; somebody works there.

create temporary table load_facilities as
select g.at, ('00000000-0000-4000-a000-' || lpad(to_hex(g.at), 12, '0'))::uuid as id
from generate_series(0, (1000 * current_setting('load.share')::numeric)::int - 1) as g (at);

insert into facilities.facilities (id, name, time_zone)
select f.id, 'Facility ' || f.at, 'UTC' from load_facilities as f;

insert into facilities.days (facility_id, date, time_zone, begins_at, ends_at, closed,
  total_stock, total_transferred, total_requests, updated_at)
select f.id, d.date, 'UTC', d.date at time zone 'UTC', (d.date + 1) at time zone 'UTC', true,
  1000 + (f.at * 31 + d.days * 7) % 500, (f.at + d.days) % 60, (f.at * 3 + d.days) % 40,
  d.date at time zone 'UTC' + interval '20 hours'
from load_facilities as f,
  (select (now() at time zone 'UTC')::date - g.days as date, g.days
   from generate_series(1, 365) as g (days)) as d;

insert into facilities.staff (user_id, facility_id)
select u.id, f.id
from (select u.id, row_number() over (order by u.id) - 1 as at from accounts.users as u
      where u.status = 'approved') as u
join load_facilities as f on f.at = u.at % (select count(*) from load_facilities);

insert into facilities.blood_banks (id, facility_id, name)
select f.id, f.id, 'Blood bank ' || f.at from load_facilities as f;

insert into facilities.inventory (blood_bank_id, facility_id, blood_type, quantity, expires_at)
select f.id, f.id, (array['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+'])[1 + i.at % 8], 50,
  now() + interval '10 days' + i.at * interval '1 day'
from load_facilities as f, generate_series(1, 20) as i (at);

insert into facilities.requests (facility_id, blood_type, quantity)
select f.id, 'O-', 5 from load_facilities as f, generate_series(1, 20);

-- Of one unit each: whoever says that one has arrived adds one.
insert into facilities.distributions (dispatched_from, dispatched_to, blood_type, quantity)
select f.id, f.id, 'O-', 1 from load_facilities as f, generate_series(1, 20);

drop table load_facilities;
