import test from 'ava';
import { appServer } from '../helpers/app-server.js';
import type { TestDatabase } from '../helpers/database.js';
import { ask } from '../helpers/http.js';
import { deliver, type Report, report, signatureOf } from '../helpers/webhook.js';

const STATUSES = ['sent', 'delivered', 'read', 'failed'];

async function statusOf({ sql }: TestDatabase, id: string): Promise<string | undefined> {
  const [row] = await sql<{ status: string }>(
    'select status from messages.messages where id = $1',
    [id],
  );
  return row?.status;
}

test('a signed batch is taken down, and again it changes nothing', async (t) => {
  const { url, database } = await appServer(t);
  const sentAt = '2026-05-31T14:00:00+02:00';
  const batch = [
    { id: 'mid.1', accountId: 'shop', sentAt },
    { id: 'mid.2', accountId: 'café', status: 'delivered', sentAt },
  ];
  const first = await report(url, batch);
  t.is(first.status, 200);
  t.deepEqual(first.json, { received: 2, new: 2, moved: 0 });
  const rows = () => database.sql('select * from messages.messages order by id');
  const before = await rows();
  t.like(before, [
    { id: 'mid.1', account_id: 'shop', status: 'sent', moved_at: null },
    { id: 'mid.2', account_id: 'café', status: 'delivered', moved_at: null },
  ]);
  t.deepEqual(before[0]?.sent_at, new Date('2026-05-31T12:00:00Z'));
  const other = batch.map(({ id }) => ({ id, accountId: 'x', sentAt: '2026-01-01T00:00:00Z' }));
  for (const repeat of [batch, other]) {
    t.deepEqual((await report(url, repeat)).json, { received: 2, new: 0, moved: 0 });
  }
  t.deepEqual(await rows(), before);
});

test('a message moves on, never back, in whatever order its reports come', async (t) => {
  const { url, database } = await appServer(t);
  const orders = STATUSES.flatMap((a) => STATUSES.map((b) => [a, b] as const));
  for (const [at, order] of orders.entries()) {
    for (const status of order) await report(url, [{ id: `one by one ${at}`, status }]);
    await report(
      url,
      order.map((status) => ({ id: `at once ${at}`, status })),
    );
    const furthest = order.toSorted((a, b) => STATUSES.indexOf(a) - STATUSES.indexOf(b)).at(-1);
    t.is(await statusOf(database, `one by one ${at}`), furthest, order.join(', then '));
    t.is(await statusOf(database, `at once ${at}`), furthest, order.join(' and '));
  }
  const moved = await report(url, [{ id: 'at once 0', status: 'read' }, { id: 'new' }]);
  t.deepEqual(moved.json, { received: 2, new: 1, moved: 1 });
  t.deepEqual((await report(url, [{ id: 'new' }, { id: 'new' }])).json, {
    received: 2,
    new: 0,
    moved: 0,
  });
});

test('what is not signed, or by another, or with another body, is a 401', async (t) => {
  const { url, database } = await appServer(t);
  const body = JSON.stringify({
    messages: [{ id: 'forged', accountId: 'shop', sentAt: '2026-05-31T12:00:00Z' }],
  });
  const good = signatureOf(body);
  for (const signature of [
    undefined,
    'sha256=',
    good.slice('sha256='.length),
    good.slice(0, -2),
    `${good}00`,
    good.replace('sha256', 'sha1'),
    signatureOf(body, 'another secret, which has 32 bytes too'),
    signatureOf(`${body} `),
  ]) {
    const refused = await deliver(url, body, signature);
    t.is(refused.status, 401, signature);
    t.is(refused.json.type, '/problems/unauthenticated');
    t.is(refused.headers.get('www-authenticate'), 'X-Hub-Signature-256');
  }
  const junk = '{"messages":';
  t.is((await deliver(url, junk, good)).status, 401, 'nothing is read before it is checked');
  t.is(await statusOf(database, 'forged'), undefined);
  t.is((await deliver(url, junk, signatureOf(junk))).status, 400);
  t.is((await deliver(url, body, good.toUpperCase().replace('SHA', 'sha'))).status, 200);
  t.is(await statusOf(database, 'forged'), 'sent');
});

test('without a secret each webhook is a 503, so that it is sent again later', async (t) => {
  const { url } = await appServer(t, { WEBHOOK_SECRET: '' });
  const refused = await deliver(url, '{"messages":[]}', signatureOf('{"messages":[]}', ''));
  t.is(refused.status, 503);
  t.is(refused.json.type, '/problems/webhooks-off');
});

test('a batch with anything wrong in it is refused whole, field by field', async (t) => {
  const { url, database } = await appServer(t);
  const good = { id: 'good', accountId: 'shop', sentAt: new Date().toISOString() };
  const ahead = new Date(Date.now() + 600_000).toISOString();
  const faults: [Record<string, unknown>, string][] = [
    [{ id: '' }, 'messages[1].id'],
    [{ id: 'x'.repeat(256) }, 'messages[1].id'],
    [{ id: 7 }, 'messages[1].id'],
    [{ accountId: undefined }, 'messages[1].accountId'],
    [{ accountId: 'x'.repeat(101) }, 'messages[1].accountId'],
    [{ status: 'lost' }, 'messages[1].status'],
    [{ sentAt: 'yesterday' }, 'messages[1].sentAt'],
    [{ sentAt: '2026-02-30T00:00:00Z' }, 'messages[1].sentAt'],
    [{ sentAt: '0000-01-01T00:00:00Z' }, 'messages[1].sentAt'],
    [{ sentAt: ahead }, 'messages[1].sentAt'],
    [{ state: 'read' }, 'messages[1]'],
  ];
  for (const [fault, field] of faults) {
    const body = JSON.stringify({ messages: [good, { ...good, id: 'bad', ...fault }] });
    const refused = await deliver(url, body, signatureOf(body));
    t.is(refused.status, 400, body);
    t.like(refused.json, { errors: [{ field }] });
  }
  for (const messages of [
    [],
    Array.from({ length: 1001 }, (_, at) => ({ ...good, id: `${at}` })),
  ]) {
    const body = JSON.stringify({ messages });
    t.like((await deliver(url, body, signatureOf(body))).json, { errors: [{ field: 'messages' }] });
  }
  t.deepEqual(await database.sql('select id from messages.messages'), []);
  t.is((await ask(`${url}/webhooks/instagram`, { method: 'POST' })).status, 415);
  const east = { ...good, sentAt: '2026-05-31T12:00:00+23:00' };
  t.is((await report(url, [east])).status, 200, 'PostgreSQL knows no such offset');
  const thousand = Array.from({ length: 1000 }, (_, at) => ({ id: `${at}` }));
  t.deepEqual((await report(url, thousand)).json, { received: 1000, new: 1000, moved: 0 });
});

test('batches that have the same messages at once count each of them once', async (t) => {
  const { url, database } = await appServer(t);
  const shuffled = (seed: number): Report[] =>
    Array.from({ length: 200 }, (_, at) => {
      const place = (at * 67 + seed * 31) % 200;
      return { id: `m${place}`, status: STATUSES[(place + seed) % 4] ?? 'sent' };
    });
  for (let round = 0; round < 5; round += 1) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, at) => report(url, shuffled(round * 8 + at))),
    );
    t.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
    const fresh = answers.reduce((sum, { json }) => sum + Number(json.new), 0);
    t.is(fresh, round === 0 ? 200 : 0);
  }
  t.deepEqual(
    await database.sql('select status, count(*)::int from messages.messages group by 1'),
    [{ status: 'failed', count: 200 }],
  );
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
});
