import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { refill, unfill } from '../helpers/engine.js';
import { recountAsOf, type Stats, statsAt } from '../helpers/message-stats.js';
import { until } from '../helpers/wait.js';
import { type Report, report, type Sent } from '../helpers/webhook.js';

const ADMIN = ['admin'];
const PATH = '/api/admin/stats';
const NONE = { messages: 0, sent: 0, delivered: 0, read: 0, failed: 0 };
const STATUSES = ['sent', 'delivered', 'read', 'failed'];

async function read(who: Somebody): Promise<Stats> {
  return (await who.get(PATH)).json as Stats;
}

test('before the first message each number is there, and is zero', async (t) => {
  const { person } = await appServer(t);
  const { lastHour, ...rest } = await read(await person('A', ADMIN));
  t.deepEqual(rest, { total: NONE, today: NONE, thisHour: NONE, accounts: [] });
  t.deepEqual(lastHour.perMinute, Array<number>(60).fill(0));
  const from = Date.parse(lastHour.from);
  t.is(from % 60_000, 0);
  t.true(Math.abs(Date.now() - (from + 59.5 * 60_000)) < 60_000);
});

test('only admins see the statistics, and their stream', async (t) => {
  const { nobody, person } = await appServer(t);
  const user = await person('U');
  for (const path of [PATH, `${PATH}/stream`]) {
    t.is((await nobody.get(path)).status, 401);
    t.is((await user.get(path)).status, 403);
  }
  t.is((await user.get('/v1/summaries/message_stats')).status, 403);
  t.is((await nobody.get('/v1/counters/messages_by_status/sent')).status, 401);
});

test('whoever has just sent messages finds each of them counted', async (t) => {
  const { url, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  let total = 0;
  for (let round = 1; round <= 30; round += 1) {
    await report(
      url,
      Array.from({ length: round }, (_, at) => ({ id: `${round}/${at}`, accountId: `a${at % 3}` })),
    );
    total += round;
    const { total: shown, accounts } = await read(admin);
    t.is(shown.messages, total);
    t.is(
      accounts.reduce((sum, { messages }) => sum + messages, 0),
      total,
    );
  }
});

test('while one of their counters cannot be read, the statistics are a 503 that names it', async (t) => {
  const { url, person, database } = await appServer(t);
  const admin = await person('A', ADMIN);
  await report(url, [{ id: '1' }]);
  const before = await read(admin);
  for (const by of ['status', 'day', 'hour', 'account', 'minute']) {
    const counter = `messages_by_${by}`;
    await unfill(database.sql, counter);
    const answer = await admin.get(PATH);
    const type = '/problems/counter-filling';
    t.like(answer.json, { status: 503, type, topics: [counter] }, counter);
    await refill(database.sql, counter);
    await until(async () => (await admin.get(PATH)).status === 200, { what: counter });
  }
  t.deepEqual((await read(admin)).accounts, before.accounts);
  await database.sql('alter table messages.messages set unlogged');
  t.like((await admin.get(PATH)).json, { status: 503, type: '/problems/counter-broken' });
});

test('the statistics are a 304 until they change', async (t) => {
  const { url, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  const etag = async () => (await admin.get(PATH)).headers.get('etag') ?? '';
  const before = await etag();
  const again = await admin.get(PATH, { 'if-none-match': before });
  // Unless a minute has begun between the two.
  t.is(again.status, before === (await etag()) ? 304 : 200);
  await report(url, [{ id: '1' }]);
  t.is((await admin.get(PATH, { 'if-none-match': before })).status, 200);
});

test('each stream shows each batch, whole, and the counts by status and account', async (t) => {
  const { url, person } = await appServer(t);
  const admins = await Promise.all([person('A', ADMIN), person('B', ADMIN)]);
  const streams = await Promise.all(admins.map((admin) => admin.stream(`${PATH}/stream`)));
  for (let round = 1; round <= 5; round += 1) {
    const batch = Array.from({ length: 10 }, (_, at) => ({
      id: `${round}/${at}`,
      status: STATUSES[at % 4] ?? '',
      accountId: at < 7 ? 'big' : 'small',
    }));
    await report(url, batch);
    for (const { whole } of streams) {
      const shown = (await whole(({ total }: Stats) => total.messages === round * 10)) as Stats;
      t.deepEqual(shown.total, {
        messages: round * 10,
        sent: round * 3,
        delivered: round * 3,
        read: round * 2,
        failed: round * 2,
      });
      t.deepEqual(shown.accounts, [
        { accountId: 'big', messages: round * 7 },
        { accountId: 'small', messages: round * 3 },
      ]);
    }
  }
  await report(url, [{ id: '1/0', status: 'read' }]);
  await Promise.all(streams.map(({ whole }) => whole(({ total }: Stats) => total.read === 11)));
  for (const { recorder, close } of streams) {
    t.deepEqual(recorder.faults, []);
    t.is(recorder.count('update'), 0, 'each sync says it all');
    const seen = recorder.frames.filter(({ event }) => event === 'sync');
    for (const { data } of seen) {
      t.is((JSON.parse(data) as Stats).total.messages % 10, 0, 'never half a batch');
    }
    close();
  }
});

test('a minute, an hour and a day begin at their time in UTC', async (t) => {
  const { url, database } = await appServer(t);
  await report(url, [
    { id: '1', sentAt: '2026-05-31T22:30:00Z' },
    { id: '2', sentAt: '2026-06-01T01:15:59.999+02:00', status: 'read' },
    { id: '3', sentAt: '2026-05-31T23:59:59Z', accountId: 'other' },
    { id: '4', sentAt: '2026-06-01T00:00:00Z' },
  ]);
  const evening = await statsAt(database, '2026-05-31T23:59:59.999Z');
  t.is(evening.total.messages, 4);
  t.deepEqual(evening.today, { ...NONE, messages: 3, sent: 2, read: 1 });
  t.deepEqual(evening.thisHour, { ...NONE, messages: 2, sent: 1, read: 1 });
  t.is(evening.lastHour.from, '2026-05-31T23:00:00.000Z');
  const morning = await statsAt(database, '2026-06-01T00:00:00Z');
  t.deepEqual(morning.today, { ...NONE, messages: 1, sent: 1 });
  t.deepEqual(morning.thisHour, morning.today);
  t.is(morning.lastHour.from, '2026-05-31T23:01:00.000Z');
  t.deepEqual((await statsAt(database, '2026-06-02T00:00:00Z')).today, NONE);
});

test('of many accounts the 50 with the most messages are shown', async (t) => {
  const { url, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  const of = (account: number) =>
    Array.from({ length: account }, (_, at) => ({
      id: `${account}/${at}`,
      accountId: `a${String(account).padStart(2, '0')}`,
    }));
  for (let first = 1; first <= 60; first += 10) {
    const batch = Array.from({ length: 10 }, (_, at) => of(first + at)).flat();
    // As whoever sends does: what is not taken down now is sent again, and counted once.
    let answer = await report(url, batch);
    while (answer.status === 503) answer = await report(url, batch);
    t.is(answer.status, 200);
  }
  const { accounts } = await read(admin);
  t.deepEqual(
    accounts,
    Array.from({ length: 50 }, (_, at) => ({ accountId: `a${60 - at}`, messages: 60 - at })),
  );
});

test('after 20 senders at random the statistics are what a recount says', async (t) => {
  const server = await appServer(t);
  const admin = await server.person('A', ADMIN);
  const stream = await admin.stream(`${PATH}/stream`);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => sendAtRandom(server, at)),
  );
  const { database } = server;
  const [row] = await database.sql<{ n: number }>(
    'select count(*)::int as n from messages.messages',
  );
  const fresh = answers.flat().reduce((sum, one) => sum + one.new, 0);
  t.is(row?.n, fresh);
  const shown = await read(admin);
  t.deepEqual(shown as unknown, await recountAsOf(database, shown));
  const { total, accounts } = shown;
  await stream.whole((seen: Stats) =>
    isDeepStrictEqual([seen.total, seen.accounts], [total, accounts]),
  );
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  stream.close();
});

/** As senders do: what was answered with "not now" is sent again. */
async function delivered(url: string, batch: readonly Report[]): Promise<Sent> {
  for (;;) {
    const { status, json, text } = await report(url, batch);
    if (status === 200) return json as Sent;
    if (status !== 503) throw new Error(`${status}: ${text}`);
  }
}

/** Messages of the last two hours; half of the ids are those of other senders too. */
async function sendAtRandom({ url }: AppServer, sender: number): Promise<Sent[]> {
  let dice = sender * 7919 + 17;
  const roll = (sides: number) => {
    dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((dice / 2_147_483_648) * sides);
  };
  const answers: Sent[] = [];
  for (let round = 0; round < 8; round += 1) {
    const batch = Array.from({ length: 1 + roll(40) }, () => ({
      id: roll(2) === 0 ? `shared ${roll(200)}` : `${sender}: ${roll(100)}`,
      accountId: `account ${roll(60)}`,
      status: STATUSES[roll(4)] ?? '',
      sentAt: new Date(Date.now() - roll(7_200_000)).toISOString(),
    }));
    answers.push(await delivered(url, batch));
  }
  return answers;
}
