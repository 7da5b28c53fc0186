import test from 'ava';
import { appServer, type Somebody } from '../helpers/app-server.js';
import { facility } from '../helpers/facilities.js';

type Row = { readonly id: string | number };

async function pageOf(who: Somebody, path: string, list: string) {
  const { status, json, text } = await who.get(path);
  if (status !== 200) throw new Error(`${path}: ${text}`);
  return { ids: (json[list] as Row[]).map(({ id }) => id), next: json.next as string | null };
}

/** All pages, one after the other; what `between` does happens before each but the first. */
async function pagesOf(
  who: Somebody,
  path: string,
  { list, between }: { list: string; between: (last: string | number) => Promise<unknown> },
) {
  const first = await pageOf(who, path, list);
  const all = [first.ids];
  let { next } = first;
  while (next !== null) {
    await between(all.at(-1)?.at(-1) ?? '');
    const one = await pageOf(who, `${path}?after=${encodeURIComponent(next)}`, list);
    all.push(one.ids);
    next = one.next;
  }
  return all;
}

test('who waits is listed page by page, though those whom a cursor names are gone', async (t) => {
  const { database, person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  // All within one millisecond, and two at each instant.
  const made = await database.sql<{ id: string }>(
    `with made as (
       insert into accounts.users (email, name, signed_up_at)
       select n || '@example.org', 'P' || n,
         timestamptz '2026-05-31 12:00:00.0001Z' + n / 2 * interval '1 microsecond'
       from generate_series(1, 120) n returning id, signed_up_at
     ) select id from made order by signed_up_at, id`,
  );
  const gone = ['delete from accounts.users where id = $1', letIn];
  const pages = await pagesOf(admin, '/admin/pending-users', {
    list: 'users',
    between: async (id) => await database.sql(gone.pop() ?? '', [id]),
  });
  t.deepEqual(
    pages.map(({ length }) => length),
    [50, 50, 20],
  );
  t.deepEqual(
    pages.flat(),
    made.map(({ id }) => id),
  );
});

const letIn = `update accounts.users set status = 'approved', decided_at = now() where id = $1`;

test('a stock is listed page by page, though what a cursor names is used up or gone', async (t) => {
  const { database, person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  const here = await facility(database);
  await database.sql(
    `insert into facilities.inventory
       (blood_bank_id, facility_id, blood_type, quantity, expires_at)
     select $1, $2, 'O-', 1, timestamptz '9999-12-31 Z' - n * interval '1 microsecond'
     from generate_series(1, 120) n`,
    [here.bank, here.id],
  );
  const gone = [
    'delete from facilities.inventory where id = $1',
    `update facilities.inventory set quantity = 0, state = 'issued' where id = $1`,
  ];
  const pages = await pagesOf(admin, `${here.path}/inventory`, {
    list: 'items',
    between: async (id) => await database.sql(gone.pop() ?? '', [id]),
  });
  t.deepEqual(
    pages.map(({ length }) => length),
    [50, 50, 20],
  );
  t.deepEqual(
    pages.flat(),
    Array.from({ length: 120 }, (_, at) => 120 - at),
  );
});

test('the directory is listed page by page, though the entry of a cursor has gone or another name', async (t) => {
  const { database, nobody } = await appServer(t);
  // Names that a URL has to escape, and twins.
  const made = await database.sql<{ id: string }>(
    `with made as (
       insert into community.investors (type, name, check_max)
       select 'individual', 'I/' || lpad((n / 2)::text, 2, '0') || ' & Söhne', 1
       from generate_series(1, 45) n returning id, name
     ) select id from made order by name, id`,
  );
  const gone = [
    'delete from community.investors where id = $1',
    `update community.investors set name = 'A' where id = $1`,
  ];
  const pages = await pagesOf(nobody, '/api/investors/public', {
    list: 'investors',
    between: async (id) => await database.sql(gone.pop() ?? '', [id]),
  });
  t.deepEqual(
    pages.map(({ length }) => length),
    [20, 20, 5],
  );
  t.deepEqual(
    pages.flat(),
    made.map(({ id }) => id),
  );
});

test('a cursor that no page ever had is a 400 that names it', async (t) => {
  const { database, person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  const here = await facility(database);
  const uuid = '11111111-1111-1111-1111-111111111111';
  for (const path of [
    ...[
      uuid,
      'x',
      '1/',
      `/${uuid}`,
      `1/${uuid}x`,
      `${'9'.repeat(19)}/${uuid}`,
      `-${'9'.repeat(18)}/${uuid}`,
    ].map((after) => `/admin/pending-users?after=${after}`),
    ...['7', 'x', '1/x', '/7', `1/${'9'.repeat(19)}`, '-1/7'].map(
      (after) => `${here.path}/inventory?after=${after}`,
    ),
    ...[uuid, 'x', `${uuid}/`, 'x/I', `${uuid}/${'n'.repeat(201)}`].map(
      (after) => `/api/investors/public?after=${after}`,
    ),
    ...['n/5', 'f/1/5', 'x'].map((after) => `/api/chains?sort=trending&after=${after}`),
    ...['f/1/5', 'n/', 'n/x', '5'].map((after) => `/api/chains?sort=newest&after=${after}`),
    ...['n/5', 'f/5', 'f/x/5', '5'].map((after) => `/api/chains?sort=followers&after=${after}`),
    ...['n/5/5', 'v/5', '5', 'x'].map((after) => `/api/projects?after=${after}`),
    ...['v/1/5', '5', 'x'].map((after) => `/api/projects?sort=newest&after=${after}`),
  ]) {
    const { status, json } = await admin.get(path);
    t.is(status, 400, path);
    t.like(json, { errors: [{ field: 'after' }] }, path);
  }
});
