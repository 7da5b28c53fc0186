import { randomUUID } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { appServer } from '../helpers/app-server.js';
import { refill, unfill } from '../helpers/engine.js';
import { type Day, facility } from '../helpers/facilities.js';
import { until } from '../helpers/wait.js';

const ADMIN = ['admin'];
const NEXT_YEAR = new Date(Date.now() + 366 * 86_400_000).toISOString();

async function house(t: ExecutionContext<unknown>) {
  const server = await appServer(t);
  const { database, person } = server;
  const [admin, uma, vic] = await Promise.all([person('A', ADMIN), person('U'), person('V')]);
  const [here, there] = await Promise.all([
    facility(database, { staff: [uma.id] }),
    facility(database, { staff: [vic.id], zone: 'Asia/Tokyo' }),
  ]);
  return { ...server, admin, uma, vic, here, there };
}

const figures = ({ totalStock, totalTransferred, totalRequests }: Record<string, unknown>) => [
  totalStock,
  totalTransferred,
  totalRequests,
];

test('what comes in, is used, sent, delivered and asked for stands in the dashboards', async (t) => {
  const { uma, vic, admin, here, there } = await house(t);
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 10, expiresAt: NEXT_YEAR };
  const item = await uma.post(`${here.path}/inventory`, units);
  t.is(item.status, 201);
  t.like(item.json, { facilityId: here.id, quantity: 10, state: 'stock', expiresAt: NEXT_YEAR });
  const used = await uma.post(`${here.path}/inventory/${item.json.id}/issue`, { quantity: 3 });
  t.like(used.json, { id: item.json.id, quantity: 7, state: 'stock' });
  const sent = await uma.post(`${here.path}/distributions`, {
    ...{ itemId: item.json.id, quantity: 5, toFacilityId: there.id },
  });
  t.is(sent.status, 201);
  t.like(sent.json, { toFacilityId: there.id, bloodType: 'A-', quantity: 5, deliveredOn: null });
  const ask = { bloodType: 'O+', quantity: 2 };
  t.like((await vic.post(`${there.path}/requests`, ask)).json, ask);
  const dashboard = async (at: string) => (await admin.get(`${at}/dashboard`)).json;
  t.deepEqual(figures(await dashboard(here.path)), [2, 0, 0]);
  t.deepEqual(figures(await dashboard(there.path)), [0, 0, 1], 'on its way');
  t.like((await vic.get(`${there.path}/distributions`)).json, {
    distributions: [{ id: sent.json.id }],
  });
  const deliver = `${there.path}/distributions/${sent.json.id}/deliver`;
  const arrived = await vic.post(deliver);
  t.is(arrived.status, 200);
  const today = await dashboard(there.path);
  t.is(arrived.json.deliveredOn, today.date);
  t.deepEqual(figures(today), [0, 5, 1]);
  t.is(today.updatedAt, arrived.json.deliveredAt);
  t.deepEqual((await vic.get(`${there.path}/distributions`)).json, { distributions: [] });
  t.like((await uma.get(`${here.path}/inventory`)).json, { items: [{ quantity: 2 }] });
  const last = await uma.post(`${here.path}/inventory/${item.json.id}/issue`, { quantity: 2 });
  t.like(last.json, { quantity: 0, state: 'issued' });
  t.deepEqual((await uma.get(`${here.path}/inventory`)).json, { items: [], next: null });
});

test('what arrives after the clock was put back arrived when it was sent', async (t) => {
  const { uma, vic, here, there, database } = await house(t);
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 10, expiresAt: NEXT_YEAR };
  const item = await uma.post(`${here.path}/inventory`, units);
  const sent = await uma.post(`${here.path}/distributions`, {
    ...{ itemId: item.json.id, quantity: 5, toFacilityId: there.id },
  });
  await database.sql(
    `update facilities.distributions set dispatched_at = dispatched_at + interval '1 minute'`,
  );
  const arrived = await vic.post(`${there.path}/distributions/${sent.json.id}/deliver`);
  t.is(arrived.status, 200);
  t.true(Date.parse(String(arrived.json.deliveredAt)) > Date.now());
});

test('a dashboard whose counters cannot be read now is a 503 that names them', async (t) => {
  const { uma, here, database } = await house(t);
  for (const counter of ['facility_stock', 'facility_requests']) {
    await unfill(database.sql, counter);
    const answer = await uma.get(`${here.path}/dashboard`);
    const type = '/problems/counter-filling';
    t.like(answer.json, { status: 503, type, topics: [counter] });
    await refill(database.sql, counter);
    await until(async () => (await uma.get(`${here.path}/dashboard`)).status === 200);
  }
});

test('a dashboard is of today there, or of a day that was; history goes day by day', async (t) => {
  const { uma, database, here } = await house(t);
  const old = await facility(database, { staff: [uma.id], age: '9 days', zone: 'Asia/Tokyo' });
  const { date } = (await uma.get(`${old.path}/dashboard`)).json as Day;
  const [tokyo] = await database.sql(
    `select (clock_timestamp() at time zone 'Asia/Tokyo')::date::text as date,
       ((clock_timestamp() at time zone 'Asia/Tokyo')::date - 5)::text as before`,
  );
  t.is(date, tokyo?.date);
  const before = await uma.get(`${old.path}/dashboard?date=${tokyo?.before}`);
  t.like(before.json, { facilityId: old.id, date: tokyo?.before, totalStock: 0 });
  for (const day of ['2001-01-01', '2901-01-01']) {
    const missing = await uma.get(`${old.path}/dashboard?date=${day}`);
    t.is(missing.status, 404);
    t.regex(missing.json.detail as string, new RegExp(`This facility has no ${day}`));
  }
  const wrong = await uma.get(`${old.path}/dashboard?date=2026-02-30`);
  t.like(wrong.json, { status: 400, errors: [{ field: 'date' }] });
  const all = (await uma.get(`${old.path}/history`)).json as { days: Day[] };
  t.is(all.days.length, 10, 'days without any change too');
  t.is(all.days.at(-1)?.date, date);
  const some = await uma.get(`${old.path}/history?from=${tokyo?.before}&to=${date}`);
  t.like(some.json, { from: tokyo?.before, to: date });
  t.is((some.json.days as Day[]).length, 6);
  for (const [query, field] of [
    ['from=2026-01-02&to=2026-01-01', 'from'],
    ['from=2024-01-01&to=2025-01-01', 'from'],
    ['from=yesterday', 'from'],
    ['to=7', 'to'],
  ]) {
    const refused = await uma.get(`${old.path}/history?${query}`);
    t.like(refused.json, { status: 400, errors: [{ field }] }, query);
  }
  t.is((await uma.get(`${old.path}/history?from=2024-01-01&to=2024-12-31`)).status, 200);
  const { etag } = Object.fromEntries((await uma.get(`${here.path}/dashboard`)).headers);
  const again = () => uma.get(`${here.path}/dashboard`, { 'if-none-match': etag ?? '' });
  t.is((await again()).status, 304);
  await uma.post(`${here.path}/requests`, { bloodType: 'O+', quantity: 2 });
  t.is((await again()).status, 200);
});

test('a facility’s routes are for its staff and for admins', async (t) => {
  const { nobody, vic, admin, here, there } = await house(t);
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 1, expiresAt: NEXT_YEAR };
  const pages = ['dashboard', 'dashboard/stream', 'history', 'inventory', 'distributions'];
  const at = (path: string): readonly (readonly [path: string, body?: unknown])[] => [
    ...pages.map((page) => [`${path}/${page}`] as const),
    [`${path}/requests`, { bloodType: 'O+', quantity: 1 }],
    [`${path}/inventory`, units],
    [`${path}/inventory/1/issue`, { quantity: 1 }],
    [`${path}/distributions`, { itemId: 1, quantity: 1, toFacilityId: there.id }],
    [`${path}/distributions/1/deliver`, undefined],
  ];
  const status = async (who: typeof vic, one: readonly [string, unknown?]) =>
    (await (one.length === 1 ? who.get(one[0]) : who.post(...one))).status;
  for (const one of at(here.path)) {
    t.is(await status(nobody, one), 401, one[0]);
    t.is(await status(vic, one), 403, one[0]);
  }
  for (const one of at(`/api/facilities/${randomUUID()}`)) {
    t.is(await status(admin, one), 404, one[0]);
  }
  for (const one of at('/api/facilities/7')) t.is(await status(admin, one), 400, one[0]);
  const move = `/api/facilities/blood-banks/${here.bank}/move`;
  t.is((await nobody.post(move, { toFacilityId: there.id })).status, 401);
  t.is((await vic.post(move, { toFacilityId: there.id })).status, 403);
  t.is((await vic.get(`/v1/summaries/facility_today/${here.id}`)).status, 403);
  t.is((await vic.get(`/v1/counters/facility_stock/${there.id}`)).status, 403);
});

test('what cannot be is refused, and says why', async (t) => {
  const { uma, vic, admin, database, here, there } = await house(t);
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 4, expiresAt: NEXT_YEAR };
  const take = (more: object) => uma.post(`${here.path}/inventory`, { ...units, ...more });
  for (const [more, field] of [
    [{ bloodType: 'C' }, 'bloodType'],
    [{ quantity: 0 }, 'quantity'],
    [{ quantity: 1.5 }, 'quantity'],
    [{ expiresAt: 'soon' }, 'expiresAt'],
    [{ expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
  ] as const) {
    t.like((await take(more)).json, { status: 400, errors: [{ field }] }, field);
  }
  t.is(
    (await take({ bloodBankId: there.bank })).json.detail,
    'This facility has no such blood bank.',
  );
  const { id } = (await take({})).json;
  const issue = (who: typeof uma, path: string, quantity: number) =>
    who.post(`${path}/inventory/${id}/issue`, { quantity });
  t.is((await issue(uma, here.path, 5)).json.detail, 'There are 4 left of it, and not 5.');
  t.is((await issue(vic, there.path, 1)).status, 404, 'another facility’s');
  const send = (itemId: unknown, toFacilityId: string) =>
    uma.post(`${here.path}/distributions`, { itemId, quantity: 2, toFacilityId });
  t.like((await send(id, randomUUID())).json, { status: 400, errors: [{ field: 'toFacilityId' }] });
  t.is((await send(999_999, there.id)).status, 404);
  const sent = (await send(id, there.id)).json;
  const deliver = (who: typeof uma, path: string) =>
    who.post(`${path}/distributions/${sent.id}/deliver`);
  t.is((await deliver(uma, here.path)).status, 404, 'it is for another facility');
  const both = await Promise.all([deliver(vic, there.path), deliver(admin, there.path)]);
  t.deepEqual(both.map(({ status }) => status).sort(), [200, 409]);
  t.is((await admin.get(`${there.path}/dashboard`)).json.totalTransferred, 2, 'once');
  await database.sql(
    `update facilities.inventory set received_at = now() - interval '2 days',
       expires_at = now() - interval '1 day' where id = $1`,
    [id],
  );
  t.regex((await issue(uma, here.path, 1)).json.detail as string, /^This has expired, at /);
  const move = (bank: string, to: unknown) =>
    admin.post(`/api/facilities/blood-banks/${bank}/move`, { toFacilityId: to });
  t.is((await move(randomUUID(), there.id)).status, 404);
  t.like((await move(here.bank, randomUUID())).json, { errors: [{ field: 'toFacilityId' }] });
  t.is((await move(here.bank, 'x')).status, 400);
});

test('of many who issue the last units at once none gets what is not there', async (t) => {
  const { uma, here } = await house(t);
  const units = { bloodBankId: here.bank, bloodType: 'A-', quantity: 10, expiresAt: NEXT_YEAR };
  const { id } = (await uma.post(`${here.path}/inventory`, units)).json;
  const answers = await Promise.all(
    Array.from({ length: 8 }, () =>
      uma.post(`${here.path}/inventory/${id}/issue`, { quantity: 3 }),
    ),
  );
  t.is(answers.filter(({ status }) => status === 200).length, 3);
  t.is(answers.filter(({ status }) => status === 409).length, 5);
  t.is((await uma.get(`${here.path}/dashboard`)).json.totalStock, 1);
});
