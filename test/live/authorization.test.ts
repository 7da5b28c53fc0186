import test, { type ExecutionContext } from 'ava';
import { type BoxesDatabase, boxesServer, open } from '../helpers/boxes-server.js';
import { forged, token } from '../helpers/tokens.js';

async function guarded(t: ExecutionContext) {
  const started = await boxesServer(t);
  const { database } = started;
  await database.sql('create table public.mail (owner text)');
  await declare(database, 'unread', 'owner');
  await declare(database, 'staff', 'role:staff', `null`);
  await declare(database, 'secret', 'private', 'null');
  await database.sql(`insert into public.mail values ('ada'), ('ada'), ('bob')`);
  return started;
}

async function declare(
  database: BoxesDatabase,
  name: string,
  audience: string,
  scope = `'owner'`,
): Promise<void> {
  await database.sql(
    `select tally.create_counter('${name}', 'public.mail', scope => ${scope},
      audience => '${audience}')`,
  );
}

test('a stream shows an owner his own, and refuses others and strangers', async (t) => {
  const { server } = await guarded(t);
  const ada = await token({ sub: 'ada' });
  const { recorder } = await open(t, server, { topics: ['unread:ada'], token: ada });
  await recorder.value('unread:ada', 2);
  const asks = async (topic: string, by?: string) =>
    (await open(t, server, { topics: [topic, 'entries'], token: by })).status;
  t.is(await asks('unread:bob', ada), 403);
  t.is(await asks('unread:ada'), 401);
  t.is(await asks('staff', ada), 403);
  t.is(await asks('staff', await token({ sub: 'ada', roles: ['staff'] })), 200);
  t.is(await asks('unread:bob', await token({ sub: 'root', roles: ['admin'] })), 200);
  t.is(await asks('secret', await token({ sub: 'root', roles: ['admin'] })), 404);
  t.is(await asks('nothing', ada), 404);
});

test('a token that ends in mid-stream: event expired, then the end, and nothing after it', async (t) => {
  const { server, database } = await guarded(t);
  const short = await token({ sub: 'ada', expiresIn: 4 });
  const { recorder } = await open(t, server, { topics: ['unread:ada'], token: short });
  await recorder.sync(1);
  await recorder.over();
  t.is(recorder.frames.at(-1)?.event, 'expired');
  t.deepEqual(recorder.faults, []);
  await database.sql(`insert into public.mail values ('ada')`);
  const again = await open(t, server, { topics: ['unread:ada'], token: short });
  t.is(again.status, 401);
});

test('a token that lives for a year does not end its stream at once', async (t) => {
  const { server, write } = await guarded(t);
  const long = await token({ sub: 'ada', expiresIn: 366 * 24 * 3600 });
  const { recorder } = await open(t, server, { topics: ['unread:ada', 'entries'], token: long });
  await recorder.sync(1);
  await write(1);
  await recorder.value('entries', 1);
  t.is(recorder.ended, undefined);
});

test('a forged, unsigned, unending, expired or oversized token is a 401, also for public topics', async (t) => {
  const { server } = await guarded(t);
  const good = await token({ sub: 'ada' });
  const [head = '', body = '', signature = ''] = good.split('.');
  const bad = {
    'alg none': forged({ alg: 'none' }, { sub: 'ada' }),
    'alg None': forged({ alg: 'None' }, { sub: 'ada' }),
    'no signature': `${head}.${body}.`,
    'another secret': await token({ sub: 'ada' }, 'another secret, as long as the right one is'),
    'another body': `${head}.${Buffer.from('{"sub":"bob"}').toString('base64url')}.${signature}`,
    'RS256 by secret': forged({ alg: 'RS256' }, { sub: 'ada' }, signature),
    'no exp': await token({ sub: 'ada', expiresIn: null }),
    'no sub': await token({}),
    'sub no text': await token({ sub: 7 as unknown as string }),
    'roles no list': await token({ sub: 'ada', roles: 'admin' as unknown as string[] }),
    expired: await token({ sub: 'ada', expiresIn: -10 }),
    'not yet': await token({ sub: 'ada', nbf: Math.floor(Date.now() / 1000) + 3600 }),
    'with crit': forged({ alg: 'HS256', crit: ['x'], x: 1 }, { sub: 'ada' }, signature),
    oversized: await token({ sub: 'ada', more: 'x'.repeat(8000) }),
    empty: '',
    'no token': 'x',
    'dots alone': '..',
  };
  for (const [what, value] of Object.entries(bad)) {
    const { status } = await open(t, server, { topics: ['entries'], token: value });
    // Too long a header never reaches the routes.
    if (what === 'oversized') t.true(status === 401 || status === 431, what);
    else t.is(status, 401, what);
    const cookie = await open(t, server, {
      topics: ['entries'],
      headers: { cookie: `tally_token=${value}` },
    });
    if (value !== '') t.true(cookie.status === 401 || cookie.status === 431, `${what}, cookie`);
  }
});

test('a header of 100 kB ends that connection and no other', async (t) => {
  const { server } = await guarded(t);
  const { status } = await open(t, server, {
    topics: ['entries'],
    headers: { 'x-much': 'x'.repeat(100_000) },
  });
  t.is(status, 431);
  t.is((await open(t, server, { topics: ['entries'] })).status, 200);
});

test('a counter made anew for others in mid-stream: its new values reach nobody who may not', async (t) => {
  const { server, database, write } = await guarded(t);
  const ada = await token({ sub: 'ada' });
  const admin = await token({ sub: 'root', roles: ['admin'] });
  const streams = await Promise.all([
    open(t, server, { topics: ['unread:ada', 'entries'], token: ada }),
    open(t, server, { topics: ['unread:ada', 'entries'], token: admin }),
  ]);
  for (const { recorder } of streams) await recorder.sync(1);
  await database.sql(`select tally.drop_counter('unread')`);
  await declare(database, 'unread', 'role:admin');
  await database.sql('call tally.tick()');
  await database.sql(`insert into public.mail select 'ada' from generate_series(1, 40)`);
  await database.sql('call tally.tick()');
  await write(1);
  const [hers, his] = streams;
  await his?.recorder.value('unread:ada', 42);
  await hers?.recorder.when(
    () => hers.recorder.last('entries') === '1' || hers.recorder.ended !== undefined,
    { evenEnded: true },
  );
  t.not(hers?.recorder.last('unread:ada'), '42');
  t.is((await open(t, server, { topics: ['unread:ada'], token: ada })).status, 403);
  t.is((await fetch(`${server.url}/v1/counters/unread/ada`)).status, 401);
});
