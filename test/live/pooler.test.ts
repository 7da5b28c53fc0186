import test from 'ava';
import { testDatabase } from '../helpers/database.js';
import { startLiveServer } from '../helpers/live-server.js';
import { transactionPooler } from '../helpers/pgbouncer.js';
import { openStream } from '../helpers/sse.js';
import { until } from '../helpers/wait.js';

async function counted(t: Parameters<typeof testDatabase>[0]) {
  const database = await testDatabase(t);
  await database.sql('create table public.visits (id bigint generated always as identity)');
  await database.sql(
    `select tally.create_counter('visits', 'public.visits', audience => 'public')`,
  );
  return database;
}

test('the pool may go through a pooler in transaction mode, with the listener past it', async (t) => {
  const database = await counted(t);
  const pooled = await transactionPooler(t, database.url);
  if (pooled === undefined) return;
  const server = await startLiveServer({ databaseUrl: pooled, listenUrl: database.url });
  t.teardown(() => server.stop());
  await until(async () => (await server.listener()) === 'listening');
  const { recorder, close } = await openStream({ base: server.url, topics: ['visits'] });
  t.teardown(close);
  for (let round = 1; round <= 20; round += 1) {
    await database.sql('insert into public.visits default values');
    await until(() => recorder.last('visits') === String(round));
  }
  const reads = Array.from({ length: 50 }, () => fetch(`${server.url}/v1/counters/visits`));
  for (const answer of await Promise.all(reads)) t.is(answer.status, 200);
});

test('a listener behind a pooler is not trusted: the table is followed, and it says why', async (t) => {
  const database = await counted(t);
  const pooled = await transactionPooler(t, database.url);
  if (pooled === undefined) return;
  const pulsing = await startLiveServer({ databaseUrl: database.url });
  t.teardown(() => pulsing.stop());
  const server = await startLiveServer({ databaseUrl: pooled, listenUrl: pooled });
  t.teardown(() => server.stop());
  const reason = await until(
    () =>
      server.observed.flatMap((event) =>
        event.kind === 'listener-state' && event.reason.includes('pooler') ? event.reason : [],
      )[0],
  );
  t.regex(reason, /DATABASE_LISTEN_URL must name the server itself/);
  t.is(await server.listener(), 'polling');
  const { recorder, close } = await openStream({ base: server.url, topics: ['visits'] });
  t.teardown(close);
  await database.sql('insert into public.visits default values');
  await until(() => recorder.last('visits') === '1');
});
