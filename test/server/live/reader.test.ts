import test, { type ExecutionContext } from 'ava';
import { createReader, type Reader } from '../../../src/live/reader.js';
import { DatabaseUnavailable } from '../../../src/live/refusal.js';
import { openPool, type Pool, type Statement } from '../../../src/pool.js';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';

type Rig = { database: TestDatabase; pool: Pool; reader: Reader };

async function rigged(t: ExecutionContext, over: { isShared?: boolean } = {}): Promise<Rig> {
  const database = await testDatabase(t);
  await database.sql('create table public.leads (owner text, worth bigint not null default 1)');
  await database.sql(`select tally.create_counter('leads', 'public.leads', scope => 'owner',
                             audience => 'owner')`);
  await database.sql(`select tally.create_counter('worth', 'public.leads', amount => 'worth')`);
  const pool = openPool({
    url: database.url,
    size: 4,
    statementTimeoutMs: 5000,
    isShared: over.isShared ?? false,
    onError: () => undefined,
  });
  t.teardown(() => pool.close());
  return { database, pool, reader: createReader({ pool, observe: () => undefined }) };
}

const leads = (scope: string) => ({ name: 'leads', scope });

test('reads that are asked for in one turn share one query, and each gets its own', async (t) => {
  const { database, reader } = await rigged(t);
  await database.sql(
    `insert into public.leads select (i % 100)::text from generate_series(1, 350) i`,
  );
  const snapshots = await Promise.all(
    Array.from({ length: 300 }, (_, at) => reader.read([leads(String(at % 150))])),
  );
  t.is(reader.stats().queries, 1);
  t.deepEqual(
    snapshots.map(({ readings }) => readings[0]?.json),
    snapshots.map((_, at) => (at % 150 < 100 ? (at % 150 > 0 && at % 150 <= 50 ? '4' : '3') : '0')),
  );
});

test('a read never joins a query that was sent before it', async (t) => {
  const { database, reader } = await rigged(t);
  const client = await database.client();
  for (let round = 1; round <= 50; round += 1) {
    const earlier = reader.read([leads('me')]);
    await client.query(`insert into public.leads values ('me')`);
    const { readings } = await reader.read([leads('me')]);
    t.is(readings[0]?.json, String(round));
    await earlier;
  }
});

test('half of those who wait have their answer, then what came of it is asked for, then the rest', async (t) => {
  const { reader } = await rigged(t);
  const sent: number[] = [];
  const [first, ...others] = Array.from({ length: 64 }, () => reader.number(leads('me')));
  const again = first?.then(() => reader.number(leads('me')));
  await Promise.all(others.map((one) => one.then(() => sent.push(reader.stats().queries))));
  await again;
  t.deepEqual([sent[0], sent[23], sent[40], sent.at(-1)], [1, 1, 2, 2]);
});

test('a reading says what it is, who may read it, and whether all of it is folded', async (t) => {
  const { database, reader } = await rigged(t);
  await database.sql(`insert into public.leads values ('me', 9007199254740993)`);
  const before = await reader.read([leads('me'), { name: 'worth', scope: '' }, leads('you')]);
  t.deepEqual(
    before.readings.map(({ json, version, settled, audience }) => [
      json,
      version,
      settled,
      audience,
    ]),
    [
      ['1', 0, false, 'owner'],
      ['9007199254740993', 0, false, 'private'],
      ['0', 0, true, 'owner'],
    ],
  );
  await database.sql('select tally.pulse()');
  const after = await reader.read([leads('me'), { name: 'nothing', scope: '' }]);
  t.deepEqual(
    after.readings.map(({ json, version, settled, state }) => [json, version, settled, state]),
    [
      ['1', 1, true, 'ready'],
      ['null', 0, true, 'unknown'],
    ],
  );
  t.is(after.pulse, 1);
  t.regex(after.history, /^[0-9a-f]{8}$/);
});

test('changes are those after a pulse, as that pulse left them', async (t) => {
  const { database, reader } = await rigged(t);
  await database.sql(`insert into public.leads values ('me'), ('you')`);
  await database.sql('select tally.pulse()');
  await database.sql(`insert into public.leads values ('me')`);
  await database.sql('select tally.pulse()');
  await database.sql(`insert into public.leads values ('me')`);
  const topics = [leads('you'), leads('me'), { name: 'nothing', scope: '' }];
  const { pulse, changes } = await reader.changes(topics, 1);
  t.is(pulse, 2);
  t.deepEqual(changes, [{ topic: leads('me'), json: '2', version: 2 }]);
  t.is((await reader.changes(topics, 0)).changes.length, 2);
  t.deepEqual((await reader.changes([], 0)).pulse, 2);
});

test('behind a pooler it reads without settings and prepared statements', async (t) => {
  const { database, reader } = await rigged(t, { isShared: true });
  await database.sql(`insert into public.leads values ('me')`);
  t.is((await reader.read([leads('me')])).readings[0]?.json, '1');
});

test('a database that is away is one error for all who asked, and the next read works', async (t) => {
  const { database, reader } = await rigged(t);
  await reader.read([leads('me')]);
  await database.sql('alter function tally.read_topics(text[], text[]) rename to elsewhere');
  const reads = await Promise.allSettled([reader.read([leads('me')]), reader.read([leads('you')])]);
  for (const read of reads) {
    t.true(read.status === 'rejected' && read.reason instanceof DatabaseUnavailable);
  }
  await database.sql('alter function tally.elsewhere(text[], text[]) rename to read_topics');
  t.is((await reader.read([leads('me')])).readings[0]?.json, '0');
  t.is(reader.stats().failed, 1);
});

test('what has changed is read of so many topics at once as a query can bear, and is of one instant', async (t) => {
  const { database, pool } = await rigged(t);
  const topics = Array.from({ length: 20_500 }, (_, at) => leads(String(at)));
  await database.sql(`insert into public.leads values ('5'), ('15000'), ('20400')`);
  await database.sql('select tally.pulse()');
  let queries = 0;
  const slow: Pool = {
    ...pool,
    rows: async <Row extends unknown[]>(statement: Statement, values: readonly unknown[]) => {
      queries += 1;
      // Between two of its queries somebody changes what the first has read, and what it has not.
      if (queries === 2) {
        await database.sql(`insert into public.leads values ('5'), ('15000')`);
        await database.sql('select tally.pulse()');
      }
      return await pool.rows<Row>(statement, values);
    },
  };
  const reader = createReader({ pool: slow, observe: () => undefined });
  const first = await reader.changes(topics, 0);
  t.is(queries, 3);
  t.deepEqual(
    first.changes.map(({ topic, json }) => [topic.scope, json]),
    [
      ['5', '1'],
      ['20400', '1'],
    ],
  );
  t.deepEqual(first.hidden, [leads('15000')], 'of a later instant: to be read by itself');
  t.true(first.changes.every(({ version }) => version <= first.pulse));
  const then = await reader.changes(topics, first.pulse);
  t.deepEqual(
    then.changes.map(({ topic, json }) => [topic.scope, json]),
    [
      ['5', '2'],
      ['15000', '2'],
    ],
  );
  t.deepEqual((await reader.changes([], then.pulse)).pulse, then.pulse);
});
