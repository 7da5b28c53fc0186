import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { numbers, pulse } from '../../helpers/engine.js';
import { announced, type Change, listen } from '../../helpers/listener.js';

const PAYLOAD_BYTES_MAX = 7999;

const sorted = (changes: readonly Change[]): Change[] =>
  [...changes].sort((a, b) => (`${a[0]}:${a[1]}` < `${b[0]}:${b[1]}` ? -1 : 1));

test('a pulse announces each change with its value, and what did not change not at all', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (id int, k text);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  const listener = await listen(await db.client(), 'tally');
  await db.sql(`insert into public.t values (1, 'a'), (2, 'b"\\'), (3, 'a')`);
  t.like(await pulse(db.sql), { pulse: 1, folded: 3, announced: 3 });
  t.deepEqual(announced(await listener.settled()), [
    {
      pulse: 1,
      part: 1,
      parts: 1,
      changes: [
        ['kinds', 'a', 2],
        ['kinds', 'b"\\', 1],
        ['rows', '', 3],
      ],
    },
  ]);
  await db.sql(`update public.t set id = id + 1`);
  t.like(await pulse(db.sql), { pulse: 1, folded: 0, announced: 0 });
  await db.sql(`delete from public.t where k = 'a'`);
  await pulse(db.sql);
  t.deepEqual(announced(await listener.settled()).at(-1)?.changes, [
    ['kinds', 'a', 0],
    ['rows', '', 1],
  ]);
});

test('a number that went and came back between two pulses has a new version and is announced', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text);
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t values ('a'), ('b')`);
  await pulse(db.sql);
  const read = `select value::int, version::int from tally.counters
    where name = 'kinds' and scope = $1`;
  await db.sql(`insert into public.t values ('a')`);
  // Whoever reads now has a 2 that no pulse announced, and waits to hear of the way back.
  t.deepEqual(await db.sql(read, ['a']), [{ value: 2, version: 1 }]);
  await db.sql(`delete from public.t where ctid in (select ctid from public.t where k = 'a' limit 1);
    insert into public.t values ('new'); delete from public.t where k = 'new'`);
  const listener = await listen(await db.client(), 'tally');
  t.like(await pulse(db.sql), { pulse: 2, folded: 4, announced: 2 });
  t.deepEqual(announced(await listener.settled()).at(-1)?.changes, [
    ['kinds', 'a', 1],
    ['kinds', 'new', 0],
  ]);
  t.deepEqual(await db.sql(read, ['a']), [{ value: 1, version: 2 }]);
  t.deepEqual(await db.sql(read, ['b']), [{ value: 1, version: 1 }]);
});

test('a payload stays below 8000 bytes, whatever the scopes and however many', async (t) => {
  const db = await testDatabase(t);
  const name = 'n'.repeat(63);
  await db.sql('create table public.t (k text, n bigint)');
  await db.sql(`select tally.create_counter('${name}', 'public.t', scope => 'k', amount => 'n')`);
  const listener = await listen(await db.client(), 'tally');
  const rounds = [
    `select i::text, i from generate_series(1, 10000) i`,
    `select repeat(E'\\x01', 509) || lpad(i::text, 3), -9223372036854775807 from generate_series(1, 60) i`,
    `select repeat('"', 509) || lpad(i::text, 3), 1 from generate_series(1, 60) i`,
    `select repeat('ä', 254) || lpad(i::text, 3), 1 from generate_series(1, 60) i`,
    `select repeat('🐘', 127) || lpad(i::text, 3), 1 from generate_series(1, 60) i`,
    `select E'\\u2028\\n\\t\\r\\\\' || i, 1 from generate_series(1, 60) i`,
  ];
  for (const rows of rounds) {
    const from = listener.heard.length;
    await db.sql(`insert into public.t ${rows}`);
    const { pulse: number, announced: count } = await pulse(db.sql);
    const payloads = (await listener.settled()).slice(from);
    const parts = announced(payloads);
    t.true(
      payloads.every((payload) => Buffer.byteLength(payload) <= PAYLOAD_BYTES_MAX),
      rows,
    );
    t.deepEqual(
      parts.map(({ part }) => part),
      parts.map((_, index) => index + 1),
    );
    t.true(parts.every((part) => part.parts === parts.length && part.pulse === number));
    const changes = parts.flatMap((part) => part.changes);
    t.is(changes.length, count);
    const expected = await db.sql<{ scope: string; value: string }>(
      'select scope, value from tally.counters where version = $1',
      [number],
    );
    t.deepEqual(
      sorted(changes),
      sorted(expected.map(({ scope, value }) => [name, scope, Number(value)])),
    );
  }
});

test('a counter is not announced before it is filled, and all of it once it is', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text); insert into public.t values ('a'), ('b');
    select tally.create_counter('kinds', 'public.t', scope => 'k')`);
  const listener = await listen(await db.client(), 'tally');
  await db.sql(`insert into public.t values ('b'), ('c')`);
  await pulse(db.sql);
  await db.sql(`insert into public.t values ('d')`);
  await pulse(db.sql);
  const early = announced(await listener.settled()).flatMap(({ changes }) => changes);
  t.deepEqual(early, []);
  await db.sql('select tally.fill()');
  await pulse(db.sql);
  t.deepEqual(announced(await listener.settled()).at(-1)?.changes, [
    ['kinds', 'a', 1],
    ['kinds', 'b', 2],
    ['kinds', 'c', 1],
    ['kinds', 'd', 1],
  ]);
});

test('a counter that was taken out of service announces what changed meanwhile', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text);
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t values ('a'), ('b'), ('c'); select tally.pulse()`);
  const listener = await listen(await db.client(), 'tally');
  await db.sql(
    `alter table public.t rename column k to kk; insert into public.t values ('a'), ('d')`,
  );
  await pulse(db.sql);
  t.deepEqual(
    announced(await listener.settled()).flatMap(({ changes }) => changes),
    [],
  );
  await db.sql('alter table public.t rename column kk to k; select tally.fill()');
  await pulse(db.sql);
  const changes = announced(await listener.settled()).at(-1)?.changes ?? [];
  const told = Object.fromEntries(
    changes.map(([name, scope, value]) => [`${name}:${scope}`, value]),
  );
  t.like(told, { 'kinds:a': 2, 'kinds:d': 1 });
  const now = await numbers(db.sql);
  for (const [topic, value] of Object.entries(told)) t.is(now[topic], value, topic);
});

test('what changed while a counter showed nothing is of the pulse that announces it', async (t) => {
  const db = await testDatabase(t);
  await db.sql(`create table public.t (k text);
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t values ('a'), ('b'), ('c')`);
  await pulse(db.sql);
  const stopped = `select tally.stop_counter(tally.counter_id('kinds'), 'for a test')`;
  await db.sql(stopped);
  await db.sql(`insert into public.t values ('a'), ('b'); delete from public.t where k = 'b'`);
  await pulse(db.sql);
  await db.sql(`insert into public.t values ('a')`);
  await pulse(db.sql);
  await db.sql('select tally.fill()');
  await db.sql(`insert into public.t values ('d')`);
  const listener = await listen(await db.client(), 'tally');
  t.like(await pulse(db.sql), { pulse: 4, announced: 3 });
  t.deepEqual(announced(await listener.settled()).at(-1)?.changes, [
    ['kinds', 'a', 3],
    ['kinds', 'b', 0],
    ['kinds', 'd', 1],
  ]);
  // Who saw the pulse before that gets all of it, and the row says what was announced.
  t.deepEqual(
    await db.sql(`select c.scope, c.version::int, t.pos is not null as changed
      from tally.counters c
      left join tally.changed_topics(array['kinds', 'kinds', 'kinds', 'kinds'],
        array['a', 'b', 'c', 'd'], 3) t on t.pos > 0 and (array['a', 'b', 'c', 'd'])[t.pos] = c.scope
      order by c.scope`),
    [
      { scope: 'a', version: 4, changed: true },
      { scope: 'b', version: 4, changed: true },
      { scope: 'c', version: 1, changed: false },
      { scope: 'd', version: 4, changed: true },
    ],
  );
  t.deepEqual(await db.sql('select announced from tally.pulses where pulse = 4'), [
    { announced: 3 },
  ]);
});

test('a number beyond bigint is announced without it, and with it when it is back', async (t) => {
  const db = await testDatabase(t);
  await db.sql(
    `create table public.t (n numeric); select tally.create_counter('sum', 'public.t', amount => 'n')`,
  );
  const listener = await listen(await db.client(), 'tally');
  await db.sql('insert into public.t values (5), (1e30)');
  t.like(await pulse(db.sql), { folded: 1, announced: 1 });
  await db.sql('delete from public.t where n > 5');
  t.like(await pulse(db.sql), { folded: 1, announced: 1 });
  const changes = announced(await listener.settled()).flatMap((part) => part.changes);
  t.deepEqual(changes as unknown[], [
    ['sum', ''],
    ['sum', '', 5],
  ]);
});
