import test from 'ava';
import { endsRight, TOPICS } from '../helpers/boxes.js';
import { type BoxesDatabase, boxesServer, movers, open } from '../helpers/boxes-server.js';
import { until } from '../helpers/wait.js';

/** A DBA, a proxy or a limit ends sessions of the server, one kind after the other. */

const KINDS = ['pgtally-listener', 'pgtally-pulse', 'pgtally-work', 'pgtally'] as const;
const ROUNDS = 5;

async function sessions(database: BoxesDatabase, kind: string): Promise<number[]> {
  const rows = await database.sql<{ pid: number }>(
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = $1`,
    [kind],
  );
  return rows.map(({ pid }) => pid);
}

async function terminate(database: BoxesDatabase, kind: string): Promise<void> {
  const before = await until(
    async () => {
      const pids = await sessions(database, kind);
      return pids.length > 0 && pids;
    },
    { what: `a session of ${kind}` },
  );
  await database.sql('select pg_terminate_backend(pid) from unnest($1::int[]) pid', [before]);
  await until(async () => (await sessions(database, kind)).every((pid) => !before.includes(pid)));
}

for (const kind of KINDS) {
  test.serial(`${kind}: its sessions ended again and again while many write`, async (t) => {
    const { server, database } = await boxesServer(t);
    const moving = movers(t, database, { sessions: 3 });
    const streams = await Promise.all(
      Array.from({ length: 4 }, () => open(t, server, { topics: TOPICS })),
    );
    for (let round = 0; round < ROUNDS; round += 1) {
      const seen = streams.map(({ recorder }) => recorder.count('sync'));
      if (kind === 'pgtally') await fetch(`${server.url}/v1/counters/entries`);
      await terminate(database, kind);
      // It goes on, soon, before the next blow.
      await Promise.all(streams.map(({ recorder }, i) => recorder.sync((seen[i] ?? 0) + 3)));
      t.is((await fetch(`${server.url}/v1/counters/entries`)).status, 200);
    }
    await moving.stop();
    await endsRight(
      database.sql,
      streams.map(({ recorder }) => recorder),
      { deadlineMs: 20_000 },
    );
    if (kind === 'pgtally') return;
    const wanted = kind === 'pgtally-work' ? 2 : 1;
    await until(async () => (await sessions(database, kind)).length === wanted);
  });
}

test.serial('all sessions of the server ended at once, again and again', async (t) => {
  const { server, database } = await boxesServer(t);
  const moving = movers(t, database, { sessions: 3 });
  const streams = await Promise.all(
    Array.from({ length: 4 }, () => open(t, server, { topics: TOPICS })),
  );
  for (let round = 0; round < ROUNDS; round += 1) {
    await database.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'pgtally%'`,
    );
    const seen = streams.map(({ recorder }) => recorder.count('sync'));
    await Promise.all(streams.map(({ recorder }, i) => recorder.sync((seen[i] ?? 0) + 1)));
  }
  await moving.stop();
  await endsRight(
    database.sql,
    streams.map(({ recorder }) => recorder),
    { deadlineMs: 20_000 },
  );
  await until(async () => (await fetch(`${server.url}/ready`)).status === 200);
  t.pass();
});

test.serial('a change made while no session of the server is there is seen after', async (t) => {
  const { server, database, write } = await boxesServer(t);
  const { recorder } = await open(t, server, { topics: TOPICS });
  await recorder.sync(1);
  // Ended and written in one transaction: whoever comes back comes after it.
  await database.sql(
    `with ended as (
       select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'pgtally%')
     insert into public.entries (writer) select 1 from ended limit 1`,
  );
  await database.sql('insert into public.twins default values');
  await recorder.value('entries', 1);
  await recorder.value('twins', 1);
  await write(1);
  await endsRight(database.sql, [recorder], { deadlineMs: 20_000 }).catch((error: unknown) => {
    // Entry and twin were two transactions here, so they may be seen apart.
    if (!String(error).includes('entries, twins are')) throw error;
  });
  t.is(recorder.last('entries'), '2');
});
