import test from 'ava';
import { appServer } from '../helpers/app-server.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { recountAsOf, type Stats, statsAt } from '../helpers/message-stats.js';
import { until } from '../helpers/wait.js';
import { report } from '../helpers/webhook.js';

async function perMinute(database: TestDatabase, at: string): Promise<readonly number[]> {
  return (await statsAt(database, at)).lastHour.perMinute;
}

test('each message is in the minute in which it was sent, whoever wrote it', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const { sql } = database;
  const check = async (what: string) => {
    const shown = await statsAt(database, new Date().toISOString());
    t.deepEqual(shown, await recountAsOf(database, shown), what);
    t.deepEqual(await sql('select * from tally.verify()'), [], what);
  };
  await sql(`insert into messages.messages (id, account_id, sent_at)
    select n, 'a' || n % 3, now() - n * interval '17 seconds' from generate_series(1, 400) n`);
  await check('inserted');
  await sql(`update messages.messages set sent_at = sent_at - interval '5 minutes'
    where id::int % 7 = 0`);
  await check('sent at another time');
  await sql(`delete from messages.messages where id::int % 5 = 0`);
  await check('deleted');
  await sql(`update messages.messages set status = 'read' where id::int % 2 = 0`);
  await check('moved on');
  await sql('truncate messages.messages');
  await check('truncated');
  t.deepEqual(await sql('select * from messages.minutes'), []);
});

test('a TRUNCATE with an older snapshot leaves nothing behind either', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const { sql, client } = database;
  const session = await client();
  await session.query('begin isolation level repeatable read; select from messages.minutes');
  await sql(`insert into messages.messages (id, account_id, sent_at) values ('1', 'a', now())`);
  await session.query('truncate messages.messages; commit');
  t.deepEqual(await sql('select * from messages.minutes'), []);
  const shown = await until(async () => {
    await sql('call tally.tick()');
    const { n } =
      (await sql<{ n: number }>('select count(*)::int as n from tally.unfilled'))[0] ?? {};
    return n === 0 && (await statsAt(database, new Date().toISOString()));
  });
  t.deepEqual(shown, await recountAsOf(database, shown));
});

test('the ring of minutes never shows another day, even where nobody cleans up', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const { sql } = database;
  // As if it were later: what was in a minute of today is asked for a day on, and the other way.
  await sql(`insert into messages.messages (id, account_id, sent_at)
    select n, 'a', now() - n * interval '1 minute' from generate_series(0, 30) n`);
  await sql(`insert into messages.messages (id, account_id, sent_at)
    select 'early ' || n, 'a', now() + interval '1 day' - n * interval '2 minutes'
    from generate_series(0, 20) n`);
  const [clock] = await sql<{ now: Date }>('select now()');
  t.truthy(clock);
  const day = 86_400_000;
  for (const days of [-1, 0, 1, 2]) {
    const at = new Date((clock?.now.getTime() ?? 0) + days * day).toISOString();
    const shown = await statsAt(database, at);
    t.deepEqual(shown.lastHour, (await recountAsOf(database, shown))?.lastHour, `day ${days}`);
  }
});

test('rows of minutes are cleaned up, and leave no more than a day of scopes behind', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const { sql } = database;
  await sql(`insert into messages.messages (id, account_id, sent_at)
    select n, 'a', now() - n * interval '1 minute' from generate_series(0, 59) n`);
  const now = new Date().toISOString();
  const before = await perMinute(database, now);
  await sql(`insert into messages.minutes (minute, messages)
    select date_trunc('minute', now()) - n * interval '1 minute', 3
    from generate_series(130, 5000) n`);
  await sql('select tally.pulse()');
  const [job] = await sql<{ name: string }>(
    `select name from tally.jobs where name = 'clean_up message_minutes' and enabled`,
  );
  t.truthy(job, 'a job does it');
  const [gone] = await sql<{ rows: string }>(`select * from tally.clean_up('message_minutes')`);
  t.is(gone?.rows, '4871');
  await sql('select tally.pulse()');
  t.deepEqual(await perMinute(database, now), before);
  const [scopes] = await sql<{ n: number; high: number }>(
    `select count(*)::int as n, count(*) filter (where value <> 0)::int as high
     from tally.counters where name = 'messages_by_minute'`,
  );
  t.is(scopes?.n, 1440);
  t.true((scopes?.high ?? 0) <= 61);
});

test('a minute that begins without a message reaches each stream', async (t) => {
  const { url, database, person } = await appServer(t);
  const admin = await person('A', ['admin']);
  await report(url, [{ id: '1' }]);
  const stream = await admin.stream('/api/admin/stats/stream');
  const first = (await stream.whole(({ total }: Stats) => total.messages === 1)) as Stats;
  const [job] = await database.sql<{ every: string; seconds: number }>(
    `select every::text, extract(second from next_at)::float as seconds
     from tally.jobs where name = 'message stats' and enabled`,
  );
  t.deepEqual(job, { every: '00:01:00', seconds: 0 }, 'at the beginning of each minute');
  // As if it were two hours later.
  await database.sql(
    `create or replace function messages.stats(scope text) returns jsonb
     language sql stable security definer set search_path = pg_catalog, pg_temp
     as $$ select messages.stats_at(clock_timestamp() + interval '2 hours') $$`,
  );
  await database.sql(`update tally.jobs set next_at = now() where name = 'message stats'`);
  const later = (await stream.whole(
    ({ lastHour }: Stats) => Date.parse(lastHour.from) >= Date.parse(first.lastHour.from) + 7.2e6,
  )) as Stats;
  t.is(later.total.messages, 1);
  t.deepEqual(later.lastHour.perMinute, Array<number>(60).fill(0));
  stream.close();
});

test('a read builds what has stood for more than a minute, should the job not run', async (t) => {
  const { url, database, person } = await appServer(t);
  const admin = await person('A', ['admin']);
  await report(url, [{ id: '1' }]);
  await database.sql(`update tally.jobs set enabled = false where name = 'message stats'`);
  const built = async () => {
    const [row] = await database.sql<{ at: Date }>(
      `select built_at as at from tally.summaries where name = 'message_stats'`,
    );
    return row?.at.getTime() ?? 0;
  };
  await until(async () => (await built()) > 0);
  const [row] = await database.sql<{ at: Date }>(
    `update tally.documents d set built_at = built_at - interval '2 minutes'
     from tally.summary_definitions s
     where s.id = d.summary and s.name = 'message_stats' returning built_at as at`,
  );
  // Who comes while somebody else builds it gets the last one: then it is built all the same.
  await until(async () => {
    const { status } = await admin.get('/v1/summaries/message_stats');
    return status === 200 && (await built()) > (row?.at.getTime() ?? 0) + 60_000;
  });
  t.pass();
});
