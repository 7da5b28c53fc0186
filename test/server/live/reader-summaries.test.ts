import test, { type ExecutionContext } from 'ava';
import { readableBy } from '../../../src/live/audience.js';
import { runPulse } from '../../../src/live/pulse.js';
import { createReader, type Reader } from '../../../src/live/reader.js';
import { openPool } from '../../../src/pool.js';
import { type TestDatabase, testDatabase } from '../../helpers/database.js';
import { sqlOf } from '../../helpers/engine.js';
import { waitersAt } from '../../helpers/gate.js';
import { until } from '../../helpers/wait.js';

type Rig = { database: TestDatabase; reader: Reader; built: string[] };

/** Each call of the builder waits while somebody holds the lock 4713. */
const BUILDER = `
  create table public.leads (owner text, worth int not null default 1);
  create function public.portfolio(scope text) returns jsonb language plpgsql stable as $$
  begin
    perform pg_advisory_xact_lock_shared(4713);
    if scope = 'fails' then raise exception 'no such thing'; end if;
    if scope = 'none' then return null; end if;
    return jsonb_build_object('worth', (select coalesce(sum(worth), 0) from public.leads where owner = scope));
  end $$;
  alter function public.portfolio(text) set lock_timeout = 0;`;

async function rigged(
  t: ExecutionContext,
  {
    maxAge = null,
    statementTimeoutMs = 5000,
    turnMs = 5000,
  }: { maxAge?: string | null; statementTimeoutMs?: number; turnMs?: number } = {},
): Promise<Rig> {
  const database = await testDatabase(t);
  await database.sql(BUILDER);
  await database.sql(
    `select tally.create_summary('portfolio', 'public.portfolio', max_age => $1, settle => '0',
                                 audience => 'owner')`,
    [maxAge],
  );
  await database.sql(`select tally.watch('portfolio', 'public.leads', 'owner')`);
  await database.sql(`select tally.create_counter('leads', 'public.leads')`);
  const pool = openPool({
    url: database.url,
    size: 8,
    statementTimeoutMs,
    isShared: false,
    onError: () => undefined,
  });
  t.teardown(() => pool.close());
  const built: string[] = [];
  const reader = createReader({
    ...{ pool, turnMs },
    observe: (event) => {
      if (event.kind === 'build') built.push(event.outcome);
    },
  });
  return { database, reader, built };
}

const portfolio = (scope: string) => ({ name: 'portfolio', scope });

const isBuilding = async ({ sql }: TestDatabase): Promise<boolean> =>
  (await waitersAt(sql, 4713)) > 0;

test('a document that is missing is built, and read as it stands in its row', async (t) => {
  const { database, reader, built } = await rigged(t);
  await database.sql(`insert into public.leads values ('me', 5)`);
  const first = await reader.read([portfolio('me'), { name: 'leads', scope: '' }]);
  t.like(first.readings[0], {
    kind: 'summary',
    state: 'ready',
    json: '{"worth": 5}',
    settled: true,
  });
  t.like(first.readings[1], { kind: 'counter', state: 'ready', json: '1' });
  t.is(first.readings[0]?.version, 1);
  t.is(first.pulse, 1);
  await reader.read([portfolio('me')]);
  t.deepEqual(built, ['changed']);
  t.like(reader.stats(), { documentsFresh: 1, documentsBuilt: 1 });
});

test('many readers of a missing document cause one build, and others are read meanwhile', async (t) => {
  const { database, reader, built } = await rigged(t);
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const reads = Array.from({ length: 50 }, () => reader.read([portfolio('me')]));
  await until(() => isBuilding(database));
  const meanwhile = await reader.read([{ name: 'leads', scope: '' }]);
  t.is(meanwhile.readings[0]?.json, '0');
  await gate('select pg_advisory_unlock(4713)');
  for (const { readings } of await Promise.all(reads)) t.is(readings[0]?.json, '{"worth": 0}');
  t.deepEqual(built, ['changed']);
});

test('a document that is too old is built before it is shown; whoever comes meanwhile gets the last', async (t) => {
  const { database, reader } = await rigged(t, { maxAge: '1 hour' });
  await reader.read([portfolio('me')]);
  await database.sql(`alter table public.leads disable trigger user;
    insert into public.leads values ('me', 7)`);
  const old = async () => {
    await database.sql(`update tally.documents set built_at = now() - interval '2 hours'`);
  };
  await old();
  t.is((await reader.read([portfolio('me')])).readings[0]?.json, '{"worth": 7}');
  await database.sql(`update public.leads set worth = 8`);
  await old();
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const building = database.sql(`select tally.read_summary('portfolio', 'me')`);
  await until(() => isBuilding(database));
  t.like((await reader.read([portfolio('me')])).readings[0], {
    state: 'ready',
    json: '{"worth": 7}',
  });
  await gate('select pg_advisory_unlock(4713)');
  await building;
});

test('what cannot be built is broken, what there is none of is null, and a failure is not repeated at once', async (t) => {
  const { database, reader, built } = await rigged(t);
  const { readings } = await reader.read([portfolio('fails'), portfolio('none'), portfolio('me')]);
  t.deepEqual(
    readings.map(({ state, json }) => `${state} ${json}`),
    ['broken null', 'ready null', 'ready {"worth": 0}'],
  );
  // So often that it waits for long, however slow this machine is.
  await database.sql('update tally.documents set attempts = 10 where error is not null');
  t.is((await reader.read([portfolio('fails')])).readings[0]?.state, 'broken');
  t.deepEqual(built.sort(), ['changed', 'failed', 'none']);
  await database.sql(
    `update tally.documents set tried_at = now() - interval '1 day' where error is not null`,
  );
  await reader.read([portfolio('fails')]);
  t.is(built.filter((outcome) => outcome === 'failed').length, 2);
});

test('nothing is built for somebody who may not read it', async (t) => {
  const { reader, built } = await rigged(t);
  const viewer = { subject: 'you', roles: [], expiresAt: Number.MAX_SAFE_INTEGER };
  const { readings } = await reader.read([portfolio('me'), portfolio('you')], readableBy(viewer));
  t.is(readings[1]?.state, 'ready');
  t.deepEqual(built, ['changed']);
});

test('a build that takes longer than a reader may wait is done by the work', async (t) => {
  const { database, reader, built } = await rigged(t, { statementTimeoutMs: 2000 });
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const { readings } = await reader.read([portfolio('me')]);
  t.is(readings[0]?.state, 'filling');
  t.deepEqual(built, ['canceled']);
  await gate('select pg_advisory_unlock(4713)');
  const running = runPulse({
    url: database.url,
    tickMs: 25,
    idleMs: 1000,
    log: (line) => t.log(line),
  });
  t.teardown(() => running.stop());
  await until(
    async () =>
      (await database.sql('select from tally.summaries where body is not null')).length > 0,
  );
  t.is((await reader.read([portfolio('me')])).readings[0]?.state, 'ready');
  t.like(reader.stats(), { documentsBuilt: 0, documentsFresh: 1 });
});

test('a build that has no turn in time is not begun, and the document is filling', async (t) => {
  const { database, reader, built } = await rigged(t, { statementTimeoutMs: 30_000, turnMs: 200 });
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const reads = ['a', 'b', 'c', 'd'].map((scope) => reader.read([portfolio(scope)]));
  await until(() => isBuilding(database));
  const { readings } = await reader.read([portfolio('late'), { name: 'leads', scope: '' }]);
  t.deepEqual(
    readings.map(({ state }) => state),
    ['filling', 'ready'],
  );
  t.deepEqual(built, ['canceled']);
  await gate('select pg_advisory_unlock(4713)');
  await Promise.all(reads);
  t.is((await reader.read([portfolio('late')])).readings[0]?.state, 'ready');
});

test('whoever has no more time shows what there is; the build goes on', async (t) => {
  const { database, reader } = await rigged(t);
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const topics = [portfolio('me'), { name: 'leads', scope: '' }];
  const { readings } = await reader.read(topics, () => true, { buildMs: 50 });
  t.deepEqual(
    readings.map(({ state }) => state),
    ['filling', 'ready'],
  );
  await until(() => isBuilding(database));
  await gate('select pg_advisory_unlock(4713)');
  await until(
    async () =>
      (await database.sql('select from tally.documents where body is not null')).length > 0,
  );
});

test('changes are documents too, and one that is gone is null', async (t) => {
  const { database, reader } = await rigged(t);
  const topics = [portfolio('me'), portfolio('none')];
  await reader.read(topics);
  t.deepEqual(
    (await reader.changes(topics, 0)).changes.map(({ topic, json }) => `${topic.scope} ${json}`),
    ['me {"worth": 0}'],
  );
  const { pulse } = await reader.changes(topics, 0);
  t.deepEqual((await reader.changes(topics, pulse)).changes, []);
  await database.sql(`delete from tally.documents where scope = 'none';
    update tally.documents set scope = 'none'`);
  await database.sql(`select tally.refresh('portfolio', 'none')`);
  t.deepEqual(
    (await reader.changes(topics, pulse)).changes.map(
      ({ topic, json }) => `${topic.scope} ${json}`,
    ),
    ['none null'],
  );
  t.deepEqual(await reader.definitions(['portfolio']), [
    { name: 'portfolio', kind: 'summary', audience: 'owner', state: 'ready' },
  ]);
});

test('a sleeping server is woken by a mark: a change is in its document at once', async (t) => {
  const { database, reader } = await rigged(t);
  await reader.read([portfolio('me')]);
  const rounds: number[] = [];
  let waitedMs = 0;
  const running = runPulse({
    url: database.url,
    tickMs: 25,
    idleMs: 600_000,
    log: (line) => t.log(line),
  });
  t.teardown(() => running.stop());
  // Found by the looks, one a second, eight would take 4 s together, and hardly ever below 2 s. A
  // machine that does much else may need that too, at one time or another.
  for (let worth = 1; worth <= 24 && !rounds.some((ms) => ms < 2000); worth += 1) {
    await until(
      async () =>
        (
          await database.sql(
            `select from pg_locks l where l.locktype = 'advisory' and l.classid = 1952541804
             and l.objid = 12 and l.granted and l.mode = 'ExclusiveLock'
             and l.database = (select oid from pg_database where datname = current_database())`,
          )
        ).length > 0,
      { what: 'work that sleeps' },
    );
    await database.sql(
      `delete from public.leads; insert into public.leads values ('me', $1)`.replace(
        '$1',
        `${worth}`,
      ),
    );
    const writtenAt = performance.now();
    await until(
      async () =>
        (await reader.read([portfolio('me')])).readings[0]?.json === `{"worth": ${worth}}`,
    );
    waitedMs += performance.now() - writtenAt;
    if (worth % 8 === 0) {
      rounds.push(waitedMs);
      waitedMs = 0;
    }
  }
  t.true(
    rounds.some((ms) => ms < 2000),
    `${rounds.map(Math.round).join(', ')} ms for eight changes`,
  );
});

test('a server goes on with all else while one of its builders takes long', async (t) => {
  const { database, reader } = await rigged(t);
  const slow = `begin if scope = 'slow'`;
  await database.sql(
    // With what it waits for locks by, too: to be made anew takes that away.
    BUILDER.slice(BUILDER.indexOf('create function'))
      .replace('create function', 'create or replace function')
      .replace(/begin\s+perform ([^;]+);/, `${slow} then perform $1; end if;`),
  );
  await reader.read([portfolio('slow'), portfolio('quick')]);
  await database.sql(
    `update tally.documents set build_ms = case scope when 'slow' then 60000 else 1 end`,
  );
  const gate = sqlOf(await database.client());
  await gate('select pg_advisory_lock(4713)');
  const running = runPulse({
    url: database.url,
    tickMs: 25,
    idleMs: 500,
    log: (line) => t.log(line),
  });
  t.teardown(() => running.stop());
  t.teardown(() => gate('select pg_advisory_unlock_all()'));
  await database.sql(`insert into public.leads values ('slow', 1)`);
  await until(() => isBuilding(database));
  for (let worth = 1; worth <= 3; worth += 1) {
    await database.sql(`insert into public.leads values ('quick', 1)`);
    await until(
      async () =>
        (await reader.read([portfolio('quick')])).readings[0]?.json === `{"worth": ${worth}}`,
    );
    t.like((await reader.read([portfolio('slow')])).readings[0], { json: '{"worth": 0}' });
  }
  await until(() => isBuilding(database));
  await gate('select pg_advisory_unlock(4713)');
  await until(
    async () => (await reader.read([portfolio('slow')])).readings[0]?.json === '{"worth": 1}',
  );
});
