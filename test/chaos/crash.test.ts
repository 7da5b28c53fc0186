import test, { type ExecutionContext } from 'ava';
import { type ClusterDatabase, engineDatabase } from '../helpers/cluster.js';
import { privateEmbedded } from '../helpers/embedded.js';
import { isExact, numberOf, numbers, sqlOf } from '../helpers/engine.js';
import type { Server } from '../helpers/postmaster.js';
import { until } from '../helpers/wait.js';

const ROUNDS = 3;

async function table(db: ClusterDatabase): Promise<void> {
  await db.sql(`create table public.t (id bigint generated always as identity, writer int, k int);
    create index on public.t (writer);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('writers', 'public.t', scope => 'writer');
    select tally.create_counter('sums', 'public.t', 'k > 2', 'k', 'id')`);
}

type Load = { readonly committed: number[]; ended: Promise<unknown> };

/** Sessions that write until the server is gone, and what they were told is committed. */
async function load(db: ClusterDatabase, sessions: number): Promise<Load> {
  const committed = Array.from({ length: sessions }, () => 0);
  const clients = await Promise.all(committed.map(() => db.client('writer')));
  const work = clients.map(async (client, writer) => {
    for (let round = 0; ; round += 1) {
      await client.query('begin');
      await client.query('insert into public.t (writer, k) values ($1, $2), ($1, $3)', [
        writer,
        round % 7,
        round % 3,
      ]);
      await client.query('update public.t set k = k + 1 where id = $1', [round % 50]);
      await client.query('commit');
      committed[writer] = (committed[writer] ?? 0) + 2;
    }
  });
  return { committed, ended: Promise.allSettled(work) };
}

async function loop(db: ClusterDatabase, statement: string): Promise<{ ended: Promise<unknown> }> {
  const client = await db.client('loop');
  const work = (async () => {
    for (;;) await client.query(statement);
  })();
  return { ended: Promise.allSettled([work]) };
}

async function isWhole(
  t: ExecutionContext<unknown>,
  db: ClusterDatabase,
  before: number[],
  committed: readonly number[],
): Promise<void> {
  await isExact(t, db.sql);
  for (const [writer, count] of committed.entries()) {
    const now = (await numberOf(db.sql, 'writers', String(writer))) ?? 0;
    const least = (before[writer] ?? 0) + count;
    t.true(now === least || now === least + 2, `writer ${writer}: ${now}, told ${least}`);
    before[writer] = now;
  }
}

async function answers(db: ClusterDatabase): Promise<void> {
  await until(() => db.sql('select 1'), {
    what: 'the server after its recovery',
    deadlineMs: 30_000,
  });
}

async function killed(
  t: ExecutionContext<unknown>,
  server: Server,
  db: ClusterDatabase,
  beside: string,
) {
  const before: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const writers = await load(db, 3);
    const other = await loop(db, beside);
    await until(() => writers.committed.every((count) => count > 30 * (round + 1)));
    await server.kill();
    await Promise.all([writers.ended, other.ended]);
    await server.start();
    await answers(db);
    // The cut may have come between asking for a fill and the fill.
    await db.sql('select tally.fill()');
    await isWhole(t, db, before, writers.committed);
    await db.sql('call tally.tick()');
    await isExact(t, db.sql);
  }
}

test.serial(
  'a server killed while writing and folding has counted what it committed',
  async (t) => {
    const server = await privateEmbedded(t);
    const db = await engineDatabase(t, server.url);
    await table(db);
    await killed(t, server, db, 'select tally.pulse()');
  },
);

test.serial(
  'a server killed while repairing and filling has counted what it committed',
  async (t) => {
    const server = await privateEmbedded(t);
    const db = await engineDatabase(t, server.url);
    await table(db);
    await killed(
      t,
      server,
      db,
      `do $$ begin
       perform tally.stop_counter(tally.counter_id('sums'), 'a test asks for a fill');
       commit;
       perform tally.work();
       commit;
       perform tally.repair('rows');
       commit;
     end $$`,
    );
  },
);

for (const [what, statement] of [
  ['a writer', `insert into public.t (writer, k) select 0, i % 9 from generate_series(1, 5000) i`],
  ['a fold', 'select tally.pulse()'],
  ['a fill', `select tally.fill('late')`],
] as const) {
  test.serial(`${what} whose process is killed in its transaction has done nothing`, async (t) => {
    const server = await privateEmbedded(t);
    const db = await engineDatabase(t, server.url);
    await table(db);
    await db.sql('update tally.settings set fold_at = 0');
    await db.sql(
      'insert into public.t (writer, k) select 1, i % 9 from generate_series(1, 5000) i',
    );
    await db.sql(`select tally.create_counter('late', 'public.t', scope => 'k')`);
    const before = await numbers(db.sql);
    // It ends when the server ends all its sessions, which is some time after the victim's end.
    const bystander = await db.client('bystander');
    const ended = new Promise((resolve) => bystander.once('end', resolve));
    const victim = await db.client('victim');
    await victim.query('begin');
    await victim.query(statement);
    const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
    await t.throwsAsync(victim.query('commit'));
    await ended;
    await answers(db);
    t.deepEqual(await numbers(db.sql), before);
    t.deepEqual(await db.sql('select * from tally.verify()'), []);
    await db.sql('call tally.tick()');
    await isExact(t, db.sql);
    t.is(await numberOf(db.sql, 'rows'), 5000);
  });
}

test.serial('a prepared transaction outlives a crash and counts at its commit, once', async (t) => {
  const server = await privateEmbedded(t);
  const db = await engineDatabase(t, server.url);
  await table(db);
  await db.sql('update tally.settings set doorbell = false');
  const client = await db.client();
  await client.query(`begin; insert into public.t (writer, k) values (1, 5), (1, 5);
    prepare transaction 'one'`);
  await db.sql('insert into public.t (writer, k) values (2, 5)');
  await db.sql('select tally.pulse()');
  await server.kill();
  await server.start();
  await answers(db);
  await db.sql('insert into public.t (writer, k) values (2, 5); select tally.pulse()');
  t.is(await numberOf(db.sql, 'rows'), 2);
  await db.sql(`commit prepared 'one'`);
  t.is(await numberOf(db.sql, 'rows'), 4);
  const again = await db.client();
  await sqlOf(again)('select tally.pulse()');
  t.deepEqual(await db.sql('select * from tally.deltas'), []);
  t.is(await numberOf(db.sql, 'rows'), 4);
  await isExact(t, db.sql);
});
