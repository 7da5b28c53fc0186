-- Facilities, their blood banks, what goes in and out of these, and one row for each of a
-- facility's days: by its own clock, kept as it closed.

create schema facilities;
comment on schema facilities is
  'Facilities, their blood banks and stock. Dashboards: dashboard_daily_summary.';

create table facilities.facilities (
  id uuid constraint facilities_pkey primary key default gen_random_uuid(),
  name text not null constraint facilities_name_check check (length(name) between 1 and 200),
  time_zone text not null
    constraint facilities_time_zone_length_check check (length(time_zone) <= 60),
  created_at timestamptz not null default clock_timestamp()
    constraint facilities_created_at_check check (isfinite(created_at))
);
comment on table facilities.facilities is
  'A hospital or a centre, with its own clock. It begins with an open day (facilities.days).';
comment on column facilities.facilities.time_zone is
  'As Europe/Berlin: when its days begin and end. Change it at any time: the day that is open ends '
  'by the new clock, and no closed day changes.';
comment on column facilities.facilities.created_at is 'Its first day is the one of this time.';

create table facilities.staff (
  facility_id uuid not null
    constraint staff_facility_id_fkey references facilities.facilities on delete cascade,
  user_id uuid not null constraint staff_user_id_fkey references accounts.users on delete cascade,
  since timestamptz not null default now(),
  constraint staff_pkey primary key (user_id, facility_id)
);
comment on table facilities.staff is
  'Who reads a facility''s figures and writes for it; admins do anyway.';
create index staff_facility_id_idx on facilities.staff (facility_id);
comment on index facilities.staff_facility_id_idx is 'A facility''s staff; and the foreign key.';

create table facilities.days (
  facility_id uuid not null
    constraint days_facility_id_fkey references facilities.facilities on delete cascade,
  date date not null,
  time_zone text not null,
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  closed boolean not null default false,
  total_stock bigint,
  total_transferred bigint,
  total_requests bigint,
  updated_at timestamptz,
  constraint days_pkey primary key (facility_id, date),
  constraint days_closed_check check (
    case when closed then num_nulls(total_stock, total_transferred, total_requests, updated_at) = 0
         else num_nonnulls(total_stock, total_transferred, total_requests, updated_at) = 0 end
  )
);
comment on table facilities.days is
  'A facility''s days: all that have closed, as they closed, and one that is open. Read '
  'facilities.dashboard_daily_summary instead.';
comment on column facilities.days.time_zone is 'By whose clock it ends, or ended.';
comment on column facilities.days.ends_at is
  'Midnight there. Then expiry facility_days closes it, and opens the next one; later, where '
  'nobody ran it, with the same figures.';
comment on column facilities.days.updated_at is 'When something was last counted on that day.';
create unique index days_open_key on facilities.days (facility_id) where not closed;
comment on index facilities.days_open_key is 'A facility has one open day.';

create table facilities.blood_banks (
  id uuid constraint blood_banks_pkey primary key default gen_random_uuid(),
  facility_id uuid not null
    constraint blood_banks_facility_id_fkey references facilities.facilities on delete restrict,
  name text not null constraint blood_banks_name_check check (length(name) between 1 and 200),
  constraint blood_banks_place_key unique (id, facility_id)
);
comment on table facilities.blood_banks is
  'Each belongs to one facility, and may move to another with all its stock.';
create index blood_banks_facility_id_idx on facilities.blood_banks (facility_id);
comment on index facilities.blood_banks_facility_id_idx is
  'A facility''s blood banks; and the foreign key.';

create table facilities.inventory (
  id bigint constraint inventory_pkey primary key generated always as identity,
  blood_bank_id uuid not null,
  facility_id uuid not null,
  blood_type text not null
    constraint inventory_blood_type_check
    check (blood_type in ('O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+')),
  quantity integer not null
    constraint inventory_quantity_check check (quantity between 0 and 100000),
  state text not null default 'stock'
    constraint inventory_state_check check (state in ('stock', 'issued', 'expired')),
  received_at timestamptz not null default clock_timestamp()
    constraint inventory_received_at_check check (isfinite(received_at)),
  expires_at timestamptz not null
    constraint inventory_expires_at_check check (isfinite(expires_at) and expires_at > received_at),
  -- A bank that moves takes its stock along: the rows change, so that everybody hears of it.
  constraint inventory_blood_bank_id_fkey foreign key (blood_bank_id, facility_id)
    references facilities.blood_banks (id, facility_id) on update cascade on delete restrict,
  constraint inventory_issued_check check ((state = 'issued') = (quantity = 0))
);
comment on table facilities.inventory is
  'What came in together. What is in stock is counted (facility_stock), and each change of that is '
  'noted in facilities.movements.';
comment on column facilities.inventory.quantity is
  'Units left: of what is issued none, of what has expired those that did.';
comment on column facilities.inventory.state is
  'stock until all of it is issued, or until expires_at (expiry facility_inventory).';
create index inventory_place_idx on facilities.inventory (blood_bank_id, facility_id);
comment on index facilities.inventory_place_idx is 'For the foreign key: a bank moves.';
create index inventory_in_stock_idx on facilities.inventory (facility_id, expires_at, id)
  where state = 'stock';
comment on index facilities.inventory_in_stock_idx is
  'A facility''s stock, soonest to expire first; and what is due and not yet expired.';

create table facilities.movements (
  id bigint constraint movements_pkey primary key generated always as identity,
  facility_id uuid not null
    constraint movements_facility_id_fkey references facilities.facilities on delete cascade,
  quantity bigint not null constraint movements_quantity_check check (quantity <> 0),
  kind text not null constraint movements_kind_check check (kind in ('use', 'expiry')),
  moved_at timestamptz not null,
  moved_on date not null
);
comment on table facilities.movements is
  'What a facility''s stock changed by, and when. Written by the trigger on facilities.inventory.';
comment on column facilities.movements.kind is
  'expiry: it left the stock by the clock, at expires_at, whenever that was noticed.';
comment on column facilities.movements.moved_on is 'The facility''s date then.';
create index movements_day_idx on facilities.movements (facility_id, moved_on, moved_at);
comment on index facilities.movements_day_idx is
  'A facility''s day, its latest movement; and the foreign key.';

create table facilities.requests (
  id bigint constraint requests_pkey primary key generated always as identity,
  facility_id uuid not null
    constraint requests_facility_id_fkey references facilities.facilities on delete restrict,
  requested_by uuid
    constraint requests_requested_by_fkey references accounts.users on delete set null,
  blood_type text not null
    constraint requests_blood_type_check
    check (blood_type in ('O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+')),
  quantity integer not null
    constraint requests_quantity_check check (quantity between 1 and 100000),
  created_at timestamptz not null default clock_timestamp()
    constraint requests_created_at_check check (isfinite(created_at)),
  created_on date not null
);
comment on table facilities.requests is 'What a facility asks for. Counted: facility_requests.';
comment on column facilities.requests.requested_by is 'NULL when that was the demo, or is gone.';
comment on column facilities.requests.created_on is
  'The facility''s date then; where that day is closed, the first that is open. Set by a trigger.';
create index requests_day_idx on facilities.requests (facility_id, created_on, created_at);
comment on index facilities.requests_day_idx is
  'A facility''s day, its latest request; and the foreign key.';
create index requests_requested_by_idx on facilities.requests (requested_by)
  where requested_by is not null;
comment on index facilities.requests_requested_by_idx is 'For the foreign key.';

create table facilities.distributions (
  id bigint constraint distributions_pkey primary key generated always as identity,
  item_id bigint
    constraint distributions_item_id_fkey references facilities.inventory on delete set null,
  dispatched_from uuid not null
    constraint distributions_dispatched_from_fkey
    references facilities.facilities on delete restrict,
  dispatched_to uuid not null
    constraint distributions_dispatched_to_fkey references facilities.facilities on delete restrict,
  blood_type text not null
    constraint distributions_blood_type_check
    check (blood_type in ('O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+')),
  quantity integer not null
    constraint distributions_quantity_check check (quantity between 1 and 100000),
  dispatched_at timestamptz not null default clock_timestamp()
    constraint distributions_dispatched_at_check check (isfinite(dispatched_at)),
  delivered_at timestamptz
    constraint distributions_delivered_at_check
    check (isfinite(delivered_at) and delivered_at >= dispatched_at),
  delivered_on date,
  constraint distributions_delivered_check check ((delivered_at is null) = (delivered_on is null))
);
comment on table facilities.distributions is
  'What left one facility''s stock for a facility, and when it arrived. Counted by the date on '
  'which it arrived: facility_transferred.';
comment on column facilities.distributions.delivered_on is
  'The receiving facility''s date then; where that day is closed, the first that is open. Set by a '
  'trigger.';
create index distributions_item_id_idx on facilities.distributions (item_id);
comment on index facilities.distributions_item_id_idx is 'For the foreign key.';
create index distributions_dispatched_from_idx on facilities.distributions (dispatched_from);
comment on index facilities.distributions_dispatched_from_idx is 'For the foreign key.';
create index distributions_day_idx on facilities.distributions
  (dispatched_to, delivered_on, delivered_at);
comment on index facilities.distributions_day_idx is
  'A facility''s day, its latest delivery; and the foreign key.';
create index distributions_under_way_idx on facilities.distributions (dispatched_to, id)
  where delivered_at is null;
comment on index facilities.distributions_under_way_idx is 'What is on its way to a facility.';

select tally.create_counter(
  'facility_stock', 'facilities.inventory', filter => $$state = 'stock'$$,
  scope => 'facility_id', amount => 'quantity', audience => 'role:admin'
);
select tally.create_counter(
  'facility_moved', 'facilities.movements',
  scope => $$facility_id || '/' || moved_on$$, amount => 'quantity', audience => 'role:admin'
);
select tally.create_counter(
  'facility_transferred', 'facilities.distributions', filter => 'delivered_on is not null',
  scope => $$dispatched_to || '/' || delivered_on$$, amount => 'quantity',
  audience => 'role:admin'
);
select tally.create_counter(
  'facility_requests', 'facilities.requests', scope => $$facility_id || '/' || created_on$$,
  audience => 'role:admin'
);
-- Whether somebody is staff, for the streams that he has open: they show nothing once it is 0.
select tally.create_counter(
  'facility_staff', 'facilities.staff', scope => $$user_id || '/' || facility_id$$,
  audience => 'owner'
);

select tally.create_expiry(
  'facility_inventory', 'facilities.inventory', 'expires_at', $$state = 'stock'$$,
  $$state = 'expired'$$
);
-- Midnight, for each facility at its own.
select tally.create_expiry(
  'facility_days', 'facilities.days', 'ends_at', 'not closed', 'closed = true'
);
