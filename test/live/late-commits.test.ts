import test from 'ava';
import { endsRight, TOPICS } from '../helpers/boxes.js';
import { type BoxesDatabase, boxesServer, movers, open } from '../helpers/boxes-server.js';
import { until } from '../helpers/wait.js';

async function isAsleep(database: BoxesDatabase): Promise<boolean> {
  const rows = await database.sql(
    `select from pg_locks l join pg_database d on d.oid = l.database
     where l.locktype = 'advisory' and l.classid = 1952541804 and l.objid = 3 and l.granted
       and l.mode = 'ExclusiveLock' and d.datname = current_database()`,
  );
  return rows.length > 0;
}

test('a transaction that stays open while the pulse falls asleep is shown by the idle beat', async (t) => {
  const { server, database } = await boxesServer(t, { idleMs: 300 });
  const { recorder } = await open(t, server, { topics: TOPICS });
  await until(() => isAsleep(database));
  const moving = movers(t, database, { sessions: 8 });
  await until(async () => !(await isAsleep(database)), { deadlineMs: 20_000, what: 'awake' });
  const late = await database.client('late');
  // It sees a pulse that is awake, so it rings nothing at its commit.
  await late.query(`begin; insert into public.entries default values`);
  await late.query('insert into public.twins default values');
  await moving.stop();
  await until(() => isAsleep(database));
  await endsRight(database.sql, [recorder]);
  const before = Number(recorder.last('entries'));
  await late.query('commit');
  await recorder.value('entries', before + 1);
  await endsRight(database.sql, [recorder]);
  t.pass();
});

test('reads that wait for a lock hold up no stream for ever, and all is right after it', async (t) => {
  const { server, database, write } = await boxesServer(t, {
    statementTimeoutMs: 400,
    poolSize: 2,
  });
  const { recorder } = await open(t, server, { topics: TOPICS });
  await recorder.sync(1);
  const locker = await database.client('locker');
  await locker.query('begin; lock table tally.totals in access exclusive mode');
  const reads = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`${server.url}/v1/counters/entries`)),
  );
  t.true(reads.every(({ status }) => status === 503));
  await write(1);
  t.is((await fetch(`${server.url}/health`)).status, 200);
  await locker.query('rollback');
  await endsRight(database.sql, [recorder]);
  await until(async () => (await fetch(`${server.url}/v1/counters/entries`)).status === 200);
  t.pass();
});
