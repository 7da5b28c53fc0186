import test from 'ava';
import { testDatabase } from '../helpers/database.js';
import { failure } from '../helpers/engine.js';
import { closeDays, daysOf, facility, stock } from '../helpers/facilities.js';
import { until } from '../helpers/wait.js';

const apps = { template: 'apps' } as const;

const REQUEST = `insert into facilities.requests (facility_id, blood_type, quantity)
  values ($1, 'A+', 3)`;

test('two facilities have their own today, and write each on its own', async (t) => {
  const { sql } = await testDatabase(t, apps);
  // 25 hours apart: never on the same date.
  const [west, east] = await Promise.all([
    facility({ sql }, { zone: 'Pacific/Midway' }),
    facility({ sql }, { zone: 'Pacific/Kiritimati' }),
  ]);
  for (const one of [west, east]) await sql(REQUEST, [one.id]);
  const [{ date: here } = { date: '' }] = await daysOf(sql, west);
  const [{ date: there } = { date: '' }] = await daysOf(sql, east);
  t.true(here < there);
  const local = await sql(
    `select (clock_timestamp() at time zone 'Pacific/Midway')::date::text as here,
       (clock_timestamp() at time zone 'Pacific/Kiritimati')::date::text as there`,
  );
  t.deepEqual(local, [{ here, there }]);
  t.deepEqual(
    await sql('select created_on::text as day from facilities.requests order by 1'),
    [here, there].map((day) => ({ day })),
  );
});

test('a facility that changes its clock keeps its closed days, and goes on by the new one', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql }, { zone: 'Pacific/Midway', age: '3 days' });
  await stock(sql, here, { quantity: 5, received: '2 days' });
  await sql(REQUEST, [here.id]);
  const before = await daysOf(sql, here);
  t.is(before.length, 4);
  const move = (zone: string) =>
    sql('update facilities.facilities set time_zone = $2 where id = $1', [here.id, zone]);
  // It is tomorrow there: today ends at once, with what it had.
  await move('Pacific/Kiritimati');
  const east = await daysOf(sql, here);
  t.deepEqual(east.slice(0, 4), before);
  t.true(east.length === 5 || east.length === 6);
  await closeDays(sql);
  t.deepEqual(await daysOf(sql, here), east);
  await sql(REQUEST, [here.id]);
  // It is yesterday there: today lasts until tomorrow begins.
  await move('Pacific/Midway');
  await closeDays(sql);
  await sql(REQUEST, [here.id]);
  const west = await daysOf(sql, here);
  t.is(west.length, east.length);
  t.deepEqual(west.slice(0, -1), east.slice(0, -1));
  t.like(west.at(-1), { stock: 5, requests: 2 });
  const [ends] = await sql<{ hours: number }>(
    `select extract(epoch from ends_at - clock_timestamp())::int / 3600 as hours
     from facilities.days where not closed`,
  );
  t.true((ends?.hours ?? 0) >= 24);
});

test('a clock that is put back finds no day that it has to live through again', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql }, { zone: 'Pacific/Kiritimati', age: '2 days' });
  await sql(REQUEST, [here.id]);
  const before = await daysOf(sql, here);
  t.is(before.at(-1)?.requests, 1);
  // Nobody has closed the days that are over there.
  await sql(`update facilities.facilities set time_zone = 'Pacific/Midway'`);
  t.deepEqual(await daysOf(sql, here), before);
});

test('what expires after a clock was put back counts on the open day, and changes it', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql }, { zone: 'Pacific/Kiritimati', age: '2 days' });
  // It is yesterday there.
  await sql(`update facilities.facilities set time_zone = 'Pacific/Midway'`);
  const item = await stock(sql, here, { keeps: '1 millisecond' });
  await until(
    async () =>
      (
        await sql(
          `delete from facilities.inventory where id = $1 and expires_at < clock_timestamp()
           returning id`,
          [item],
        )
      )[0],
  );
  const [row] = await sql(
    `select m.moved_on = d.date as counts, m.moved_at = v.updated_at as changes
     from facilities.movements as m
     join facilities.days as d on d.facility_id = m.facility_id and not d.closed
     join facilities.dashboard_daily_summary as v
       on v.facility_id = d.facility_id and v.date = d.date
     where m.kind = 'expiry'`,
  );
  t.deepEqual(row, { counts: true, changes: true });
});

test('units that have expired do not move with their bank, noticed or not', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const make = () => facility({ sql }, { age: '4 days' });
  const [here, there] = [await make(), await make()];
  await stock(sql, here, { quantity: 9, received: '3 days', keeps: '1 day' });
  await stock(sql, here, { quantity: 5, received: '3 days' });
  await sql('select facilities.move_bank($1, $2)', [here.bank, there.id]);
  const stocks = async (one: { id: string }) =>
    (await daysOf(sql, one)).map(({ stock: left }) => left);
  t.deepEqual(await stocks(here), [0, 14, 5, 5, 0]);
  t.deepEqual(await stocks(there), [0, 0, 0, 0, 5]);
  await closeDays(sql);
  t.deepEqual(await stocks(here), [0, 14, 5, 5, 0]);
  t.deepEqual(await stocks(there), [0, 0, 0, 0, 5]);
});

test('what is no time zone by its place is refused, and says what would be one', async (t) => {
  const { sql } = await testDatabase(t, apps);
  for (const zone of ['', 'CET', 'Europe/Atlantis', 'EST5EDT', '+01', 'europe/berlin', 'A/B+3']) {
    const { code, message, detail } = await failure(facility({ sql }, { zone }), zone);
    t.is(code, 'TA400');
    t.is(message, `There is no time zone '${zone}'.`);
    t.is(detail, 'is not a time zone such as Europe/Berlin, America/Sao_Paulo or UTC');
  }
  for (const zone of ['UTC', 'America/Port-au-Prince', 'America/Argentina/Ushuaia', 'Etc/GMT+3']) {
    await t.notThrowsAsync(facility({ sql }, { zone }));
  }
});

test('a day ends at midnight there, where clocks are set too', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const ends = async (date: string, zone: string) => {
    const [row] = await sql<{ at: string }>(
      `select accounts.iso(facilities.day_end($1, $2)) as at`,
      [date, zone],
    );
    return row?.at;
  };
  t.is(await ends('2026-01-10', 'Europe/Berlin'), '2026-01-10T23:00:00.000Z');
  t.is(await ends('2026-03-28', 'Europe/Berlin'), '2026-03-28T23:00:00.000Z');
  t.is(await ends('2026-03-29', 'Europe/Berlin'), '2026-03-29T22:00:00.000Z', 'of 23 hours');
  t.is(await ends('2026-10-25', 'Europe/Berlin'), '2026-10-25T23:00:00.000Z', 'of 25 hours');
  t.is(await ends('2024-04-25', 'Africa/Cairo'), '2024-04-25T22:00:00.000Z', 'no 00:00');
  t.is(await ends('2024-11-02', 'America/Havana'), '2024-11-03T04:00:00.000Z', '00:00 twice');
  t.is(await ends('2026-04-04', 'Australia/Lord_Howe'), '2026-04-04T13:00:00.000Z');
});

test('a facility of a zone with daylight saving has each date of a year once', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql }, { zone: 'America/Havana', age: '400 days' });
  await closeDays(sql);
  const [row] = await sql<{ days: number; span: number; whole: boolean; gaps: number }>(
    `select count(*)::int as days, (max(date) - min(date) + 1)::int as span,
       min(date) = min((f.created_at at time zone f.time_zone)::date)
         and max(date) = min((clock_timestamp() at time zone f.time_zone)::date) as whole,
       count(*) filter (where begins_at <> before)::int as gaps
     from (select d.*, lag(ends_at) over (order by date) as before from facilities.days d
           where facility_id = $1) d
     join facilities.facilities f on f.id = d.facility_id`,
    [here.id],
  );
  t.is(row?.days, row?.span);
  t.true(row?.whole, 'from the day on which it began to today, there');
  t.is(row?.gaps, 0);
});
