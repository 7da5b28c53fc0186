import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import {
  type Day,
  type Facility,
  facility,
  night,
  stock,
  zoneFromNoon,
} from '../helpers/facilities.js';

const ADMIN = ['admin'];
const NEXT_YEAR = new Date(Date.now() + 366 * 86_400_000).toISOString();

test('each write at a facility is shown by each of its streams', async (t) => {
  const { database, person } = await appServer(t);
  const [admin, uma, vic] = await Promise.all([person('A', ADMIN), person('U'), person('V')]);
  const here = await facility(database, { staff: [uma.id, vic.id] });
  const path = `${here.path}/dashboard/stream`;
  const streams = await Promise.all([admin, uma, vic].map((one) => one.stream(path)));
  const all = async (wanted: Partial<Day>, what: string) => {
    const is = (day: Day) =>
      Object.entries(wanted).every(([name, value]) => day[name as keyof Day] === value);
    for (const one of streams) await one.whole(is, what);
  };
  await all({ facilityId: here.id, totalStock: 0, totalRequests: 0 }, 'at first');
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 9, expiresAt: NEXT_YEAR };
  const { id } = (await uma.post(`${here.path}/inventory`, units)).json;
  await all({ totalStock: 9 }, 'units that came in');
  await uma.post(`${here.path}/inventory/${id}/issue`, { quantity: 2 });
  await all({ totalStock: 7 }, 'units that were issued');
  await vic.post(`${here.path}/requests`, { bloodType: 'B+', quantity: 2 });
  await all({ totalRequests: 1 }, 'a request');
  const send = { itemId: id, quantity: 3, toFacilityId: here.id };
  const sent = (await uma.post(`${here.path}/distributions`, send)).json;
  await all({ totalStock: 4, totalTransferred: 0 }, 'units that were sent');
  await vic.post(`${here.path}/distributions/${sent.id}/deliver`);
  await all({ totalTransferred: 3 }, 'units that arrived');
  const short = await stock(database.sql, here, { quantity: 6, keeps: '1 hour' });
  await all({ totalStock: 10 }, 'units that keep for an hour');
  await database.sql(
    `update facilities.inventory set expires_at = clock_timestamp() + interval '1 second'
     where id = $1`,
    [short],
  );
  await all({ totalStock: 4 }, 'units that expired');
  t.deepEqual(
    streams.flatMap(({ recorder }) => recorder.faults),
    [],
  );
  for (const { close } of streams) close();
});

test('at midnight there a stream goes on with the next day', async (t) => {
  const { database, person } = await appServer(t);
  const uma = await person('U');
  const here = await facility(database, { staff: [uma.id] });
  await uma.post(`${here.path}/requests`, { bloodType: 'B+', quantity: 2 });
  await stock(database.sql, here, { quantity: 6 });
  const stream = await uma.stream(`${here.path}/dashboard/stream`);
  const day = (await stream.whole(({ totalRequests }: Day) => totalRequests === 1)) as Day;
  await night(database.sql, here);
  const next = (await stream.whole(({ totalRequests }: Day) => totalRequests === 0)) as Day;
  t.like(next, { date: day.date, totalStock: 6 }, 'what was today is yesterday');
  const { days } = (await uma.get(`${here.path}/history`)).json as { days: Day[] };
  t.deepEqual(
    days.map(({ totalStock, totalRequests }) => [totalStock, totalRequests]),
    [
      [6, 1],
      [6, 0],
    ],
  );
  stream.close();
});

test('who leaves the staff is shown nothing more, on a stream that he has open too', async (t) => {
  const { database, person } = await appServer(t);
  const [admin, uma] = await Promise.all([person('A', ADMIN), person('U')]);
  const here = await facility(database, { staff: [uma.id] });
  const [hers, admins] = await Promise.all(
    [uma, admin].map((one) => one.stream(`${here.path}/dashboard/stream`)),
  );
  const [first] = await Promise.all(
    [hers, admins].map((one) => one?.whole(({ totalRequests }: Day) => totalRequests === 0)),
  );
  t.truthy(first);
  await database.sql('delete from facilities.staff');
  await hers?.whole((day: Day | null) => day === null);
  for (const wanted of [1, 2]) {
    await admin.post(`${here.path}/requests`, { bloodType: 'B+', quantity: 2 });
    await admins?.whole(({ totalRequests }: Day) => totalRequests === wanted);
  }
  const shown = hers?.recorder.frames.filter(({ event }) => event === 'sync') ?? [];
  t.true(shown.length >= 2);
  t.false(shown.some(({ data }) => ((JSON.parse(data) as Day | null)?.totalRequests ?? 0) > 0));
  await database.sql('insert into facilities.staff (facility_id, user_id) values ($1, $2)', [
    here.id,
    uma.id,
  ]);
  await hers?.whole((day: Day | null) => day?.totalRequests === 2);
  hers?.close();
  admins?.close();
});

test('a bank that moves takes its stock along: never in both facilities, never in none', async (t) => {
  const { database, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  const [here, there] = await Promise.all([facility(database), facility(database)]);
  await stock(database.sql, here, { quantity: 30 });
  await stock(database.sql, here, { quantity: 12 });
  const stocks = () =>
    database.sql<{ stock: number; places: number }>(
      `select sum(total_stock)::int as stock,
         (count(*) filter (where total_stock > 0))::int as places
       from facilities.dashboard_daily_summary where facility_id in ($1, $2)`,
      [here.id, there.id],
    );
  let isMoving = true;
  const looks = Promise.all(
    [1, 2].map(async () => {
      const seen: unknown[] = [];
      while (isMoving) seen.push(...(await stocks()));
      return seen;
    }),
  );
  for (let round = 0; round < 20; round += 1) {
    const to = round % 2 === 0 ? there : here;
    const path = `/api/facilities/blood-banks/${here.bank}/move`;
    const moved = await admin.post(path, { toFacilityId: to.id });
    t.deepEqual(moved.json, { id: here.bank, facilityId: to.id });
    t.is((await admin.get(`${to.path}/dashboard`)).json.totalStock, 42);
  }
  isMoving = false;
  const seen = (await looks).flat();
  t.true(seen.length > 20);
  for (const one of seen) t.deepEqual(one, { stock: 42, places: 1 });
});

test('after 20 users at random each dashboard is what a recount says', async (t) => {
  const server = await appServer(t);
  const { database, person } = server;
  const admin = await person('A', ADMIN);
  const users = await Promise.all(Array.from({ length: 20 }, (_, at) => person(`U${at}`)));
  const staff = users.map(({ id }) => id);
  const zones = [-6, -2, 2, 6].map(zoneFromNoon);
  const places = await Promise.all(zones.map((zone) => facility(database, { zone, staff })));
  const stream = await admin.stream(`${places[0]?.path}/dashboard/stream`);
  await Promise.all(users.map((user, at) => random(server, { user, admin, at, places })));
  const recounts = await database.sql<{ id: string; figures: number[] }>(
    `select f.id, array[
       (select coalesce(sum(i.quantity), 0) from facilities.inventory i
        join facilities.blood_banks b on b.id = i.blood_bank_id
        where b.facility_id = f.id and i.state = 'stock' and i.expires_at > clock_timestamp()),
       (select coalesce(sum(s.quantity), 0) from facilities.distributions s
        where s.dispatched_to = f.id and (s.delivered_at at time zone f.time_zone)::date
          = (clock_timestamp() at time zone f.time_zone)::date),
       (select count(*) from facilities.requests r where r.facility_id = f.id
          and (r.created_at at time zone f.time_zone)::date
          = (clock_timestamp() at time zone f.time_zone)::date)]::int[] as figures
     from facilities.facilities f`,
  );
  t.is(recounts.length, places.length);
  for (const { id, figures } of recounts) {
    const { json } = await admin.get(`/api/facilities/${id}/dashboard`);
    t.deepEqual([json.totalStock, json.totalTransferred, json.totalRequests], figures as never);
    t.true(figures.every((one) => one > 0));
  }
  const first = recounts.find(({ id }) => id === places[0]?.id)?.figures;
  await stream.whole((day: Day) => day.totalStock === first?.[0] && day.totalRequests === first[2]);
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  stream.close();
});

type Use = {
  readonly user: Somebody;
  readonly admin: Somebody;
  readonly at: number;
  readonly places: readonly Facility[];
};

/** Takes in, issues, sends, delivers and asks, and now and then a bank moves away and back. */
async function random({ database }: AppServer, { user, admin, at, places }: Use): Promise<void> {
  const place = (n: number) => places[n % places.length] as Facility;
  for (let step = 0; step < 10; step += 1) {
    const here = place(at + step);
    const there = place(at * 3 + step * 7 + 1);
    const body = { bloodType: 'O-', quantity: 1 + ((at + step) % 5) };
    await user.post(`${here.path}/requests`, body);
    const [bank] = await database.sql<{ id: string }>(
      'select id from facilities.blood_banks where facility_id = $1 limit 1',
      [here.id],
    );
    const units = { ...body, quantity: 10, bloodBankId: bank?.id, expiresAt: NEXT_YEAR };
    const { id: itemId } = (await user.post(`${here.path}/inventory`, units)).json;
    if (itemId === undefined) continue;
    await user.post(`${here.path}/inventory/${itemId}/issue`, { quantity: 1 + (step % 4) });
    const send = { itemId, quantity: 2, toFacilityId: there.id };
    const { id } = (await user.post(`${here.path}/distributions`, send)).json;
    if (step % 3 !== 0) await user.post(`${there.path}/distributions/${id}/deliver`);
    if (at !== 0 || step >= 4) continue;
    for (const to of [there, here]) {
      await admin.post(`/api/facilities/blood-banks/${bank?.id}/move`, { toFacilityId: to.id });
    }
  }
}
