import test from 'ava';
import { testDatabase } from '../helpers/database.js';
import { closeDays, facility } from '../helpers/facilities.js';
import { largeTables, rowsToLoad } from '../helpers/large.js';
import { plansOf } from '../helpers/plans.js';

const ROWS = rowsToLoad(10_000);
/** Days of a facility, and rows of each thing that is written. */
const DAYS = ROWS > 100_000 ? 500 : 100;
const FACILITIES = ROWS / DAYS;

/** Without triggers, which say nothing about plans. */
const LOAD = `
set session_replication_role = replica;
insert into accounts.users (id, email, name, status, decided_at)
select gen_random_uuid(), n || '@example.org', 'N', 'approved', now() from generate_series(1, ${FACILITIES * 20}) n;
insert into facilities.facilities (name, time_zone)
select 'F' || n, 'Europe/Berlin' from generate_series(1, ${FACILITIES}) n;
insert into facilities.blood_banks (facility_id, name) select id, 'B' from facilities.facilities;
insert into facilities.staff (facility_id, user_id)
select f.id, u.id from facilities.facilities f
join (select id, row_number() over () % ${FACILITIES} as n from accounts.users) u
  on u.n = substr(f.name, 2)::int - 1;
insert into facilities.days
  (facility_id, date, time_zone, begins_at, ends_at, closed, total_stock, total_transferred,
   total_requests, updated_at)
select f.id, current_date - n, f.time_zone, now() - n * interval '1 day',
  now() - (n - 1) * interval '1 day', n > 0, v, v, v, case when n > 0 then now() end
from facilities.facilities f, generate_series(0, ${DAYS}) n,
  lateral (select case when n > 0 then n end as v) x;
update facilities.days set ends_at = now() + interval '1 day' where not closed;
insert into facilities.inventory
  (blood_bank_id, facility_id, blood_type, quantity, state, received_at, expires_at)
select b.id, b.facility_id, 'O-', 5, case when n % 10 = 0 then 'stock' else 'expired' end,
  now() - interval '300 days', now() + (n - 20) * interval '1 day'
from facilities.blood_banks b, generate_series(1, ${DAYS}) n;
insert into facilities.movements (facility_id, quantity, kind, moved_at, moved_on)
select f.id, 5, 'use', now() - n * interval '1 day', current_date - n
from facilities.facilities f, generate_series(0, ${DAYS - 1}) n;
insert into facilities.requests (facility_id, blood_type, quantity, created_at, created_on)
select f.id, 'O-', 5, now() - n * interval '1 day', current_date - n
from facilities.facilities f, generate_series(0, ${DAYS - 1}) n;
insert into facilities.distributions
  (dispatched_from, dispatched_to, blood_type, quantity, dispatched_at, delivered_at, delivered_on)
select f.id, f.id, 'O-', 5, now() - n * interval '1 day',
  case when n > 0 then now() - n * interval '1 day' end, case when n > 0 then current_date - n end
from facilities.facilities f, generate_series(0, ${DAYS - 1}) n;
set session_replication_role = origin;
analyze`;

test('with a million days no route reads a large table from end to end', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const session = await database.client();
  for (const statement of LOAD.split(';')) await session.query(statement);
  await session.query('select tally.fill()');
  const there = await facility(database);
  const [one] = await database.sql<Record<'facility' | 'me' | 'bank' | 'item' | 'sent', string>>(
    `select f.id as facility, s.user_id as me, b.id as bank, i.id as item, d.id as sent
     from facilities.facilities f
     join facilities.staff s on s.facility_id = f.id
     join facilities.blood_banks b on b.facility_id = f.id
     join facilities.inventory i on i.facility_id = f.id and i.state = 'stock'
       and i.expires_at > now()
     join facilities.distributions d on d.dispatched_to = f.id and d.delivered_at is null
     where f.name = 'F50' limit 1`,
  );
  const { facility: id, me, bank, item, sent } = one ?? {};
  const by = [me, [], id];
  const [{ date } = { date: '' }] = await database.sql<{ date: string }>(
    `select (current_date - 100)::text as date`,
  );
  const view = `select * from facilities.dashboard_daily_summary
    where facility_id = $1 and date = $2`;
  const statements: readonly (readonly [text: string, values: readonly unknown[]])[] = [
    [view, [id, date]],
    ['select facilities.admit($1, $2, $3)', by],
    ['select facilities.dashboard($1, $2, $3, $4)', [...by, date]],
    ['select facilities.dashboard($1, $2, $3, null)', by],
    ['select facilities.today($1)', [id]],
    ['select facilities.history($1, $2, $3, $4, null)', [...by, date]],
    [`select facilities.request($1, $2, $3, 'O-', 1)`, by],
    ['select facilities.in_stock($1, $2, $3, null)', by],
    [`select facilities.take_in($1, $2, $3, $4, 'O-', 1, now() + '1 day')`, [...by, bank]],
    ['select facilities.issue($1, $2, $3, $4, 1)', [...by, item]],
    ['select facilities.under_way($1, $2, $3, null)', by],
    ['select facilities.dispatch($1, $2, $3, $4, 1, $5)', [...by, item, there.id]],
    ['select facilities.deliver($1, $2, $3, $4)', [...by, sent]],
    ['select facilities.move_bank($1, $2)', [bank, there.id]],
  ];
  const large = await largeTables(session, 'facilities', 'accounts');
  t.deepEqual([...large].sort(), [
    ...['accounts.users', 'facilities.days', 'facilities.distributions', 'facilities.inventory'],
    ...['facilities.movements', 'facilities.requests', 'facilities.staff'],
  ]);
  const used = new Set<string>();
  for (const [text, values] of statements) {
    const plans = await plansOf(session, text, values);
    t.deepEqual(plans.scans(large), [], text);
    for (const index of plans.indexes) used.add(index);
  }
  for (const index of ['days_pkey', 'days_open_key', 'inventory_in_stock_idx', 'staff_pkey']) {
    t.true(used.has(index), index);
  }
  await session.query(`update facilities.days set ends_at = clock_timestamp() where not closed
    and facility_id = '${id}'`);
  const close = await plansOf(session, 'select tally.expire_due()');
  t.deepEqual(close.scans(large), []);
  await closeDays(database.sql);
  t.deepEqual(
    await database.sql(
      'select closed from facilities.days where facility_id = $1 and date = current_date',
      [id],
    ),
    [{ closed: true }],
  );
});
