import test from 'ava';
import { testDatabase } from '../helpers/database.js';
import { failure } from '../helpers/engine.js';
import { closeDays, daysOf, facility, night, type Row, stock } from '../helpers/facilities.js';
import { until } from '../helpers/wait.js';

const apps = { template: 'apps' } as const;

const figures = (rows: readonly Row[]) =>
  rows.map(({ stock: left, transferred, requests }) => [left, transferred, requests]);

const REQUEST = `insert into facilities.requests (facility_id, blood_type, quantity)
  values ($1, 'A+', 3)`;

test('a day stays as it closed, whatever happens on the next one', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql });
  const item = await stock(sql, here, { quantity: 10 });
  await sql(REQUEST, [here.id]);
  t.deepEqual(figures(await daysOf(sql, here)), [[10, 0, 1]]);
  await night(sql, here);
  t.deepEqual(figures(await daysOf(sql, here)), [
    [10, 0, 1],
    [10, 0, 0],
  ]);
  await closeDays(sql);
  await sql('update facilities.inventory set quantity = 4 where id = $1', [item]);
  await sql(REQUEST, [here.id]);
  await sql(
    `insert into facilities.distributions
       (dispatched_from, dispatched_to, blood_type, quantity, delivered_at)
     values ($1, $1, 'A+', 7, clock_timestamp())`,
    [here.id],
  );
  t.deepEqual(figures(await daysOf(sql, here)), [
    [10, 0, 1],
    [4, 7, 1],
  ]);
  t.deepEqual(await sql('select closed, count(*)::int as n from facilities.days group by 1'), [
    { closed: false, n: 1 },
    { closed: true, n: 1 },
  ]);
  const kept = await failure(sql('update facilities.days set total_stock = 0 where closed'));
  t.regex(kept.message, /has closed at facility .*, and stays as it closed/);
  const early = await failure(sql('update facilities.days set closed = true where not closed'));
  t.regex(early.message, /has not ended/);
});

test('closing late gives the figures of closing on time, day by day', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const [prompt, late] = await Promise.all([facility({ sql }), facility({ sql })]);
  const both = [prompt, late];
  for (let day = 1; day <= 5; day += 1) {
    for (const one of both) {
      const item = await stock(sql, one, { quantity: 10 * day });
      await sql('update facilities.inventory set quantity = quantity - $2 where id = $1', [
        item,
        day,
      ]);
      if (day % 2 === 0) await sql(REQUEST, [one.id]);
      if (day === 3) await sql('delete from facilities.inventory where id = $1', [item]);
    }
    await night(sql, ...both);
    // Of one of them alone: the other's days wait.
    await sql(
      `update facilities.days set closed = true
       where not closed and ends_at < clock_timestamp() and facility_id = $1`,
      [prompt.id],
    );
  }
  const onTime = await daysOf(sql, prompt);
  t.deepEqual(figures(onTime), [
    [9, 0, 0],
    [27, 0, 1],
    [27, 0, 0],
    [63, 0, 1],
    [108, 0, 0],
    [108, 0, 0],
  ]);
  t.deepEqual(await daysOf(sql, late), onTime, 'before any has closed');
  await closeDays(sql);
  t.deepEqual(await daysOf(sql, late), onTime);
  const open = 'select count(*)::int as n from facilities.days where not closed';
  t.deepEqual(await sql(open), [{ n: 2 }]);
  t.deepEqual(await sql('select * from tally.verify()'), []);
});

test('who counts on a day keeps it open until he commits, and is counted on it', async (t) => {
  const database = await testDatabase(t, apps);
  const { sql } = database;
  const here = await facility({ sql });
  const writer = await database.client();
  await writer.query('begin');
  await writer.query(REQUEST, [here.id]);
  // Midnight, in the middle of it.
  await writer.query('savepoint midnight');
  const over = `update facilities.days set ends_at = clock_timestamp() where facility_id = $1`;
  const moved = failure(sql(`set lock_timeout = '1s'; ${over.replace('$1', `'${here.id}'`)}`));
  t.is((await moved).code, '55P03', 'nor can its end change');
  await writer.query('commit');
  t.deepEqual(figures(await daysOf(sql, here)), [[0, 0, 1]]);
});

test('who waits for a day that closes counts on the next one', async (t) => {
  const database = await testDatabase(t, apps);
  const { sql } = database;
  const here = await facility({ sql });
  await sql(REQUEST, [here.id]);
  await night(sql, here);
  const [closer, writer] = await Promise.all([database.client(), database.client()]);
  await closer.query('begin');
  await closer.query('select tally.expire_due()');
  const writing = writer.query(REQUEST, [here.id]);
  await until(async () => {
    const waiting = await sql(
      `select from pg_locks where not granted and pid in
         (select pid from pg_stat_activity where datname = current_database())`,
    );
    return waiting.length > 0;
  });
  await closer.query('commit');
  await writing;
  t.deepEqual(figures(await daysOf(sql, here)), [
    [0, 0, 1],
    [0, 0, 1],
  ]);
});

test('what belongs to a closed day counts on the first that is open', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql });
  await night(sql, here);
  await closeDays(sql);
  await sql(
    `insert into facilities.requests (facility_id, blood_type, quantity, created_at)
     values ($1, 'A+', 3, clock_timestamp() - interval '1 day')`,
    [here.id],
  );
  await stock(sql, here, { quantity: 5, received: '1 day' });
  t.deepEqual(figures(await daysOf(sql, here)), [
    [0, 0, 0],
    [5, 0, 1],
  ]);
});

test('a facility that began in the past has a row for each day since', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const here = await facility({ sql }, { zone: 'Asia/Kolkata', age: '40 days' });
  const before = await daysOf(sql, here);
  t.is(before.length, 41);
  await closeDays(sql);
  t.deepEqual(await daysOf(sql, here), before);
});

test('units leave the stock on the day that they expire, whenever that is noticed', async (t) => {
  const { sql } = await testDatabase(t, apps);
  const make = () => facility({ sql }, { age: '4 days' });
  const [noticed, unnoticed, closed] = [await make(), await make(), await make()];
  for (const one of [noticed, unnoticed, closed]) {
    await stock(sql, one, { quantity: 9, received: '3 days', keeps: '1 day' });
  }
  const wanted = [0, 9, 0, 0, 0];
  const stocks = async (one: { id: string }) =>
    (await daysOf(sql, one)).map(({ stock: left }) => left);
  t.deepEqual(await stocks(unnoticed), wanted);
  await sql(`update facilities.inventory set state = 'expired' where facility_id = $1`, [
    noticed.id,
  ]);
  t.deepEqual(await stocks(noticed), wanted);
  // Its days close before anybody notices.
  await sql('update facilities.days set closed = true where facility_id = $1 and not closed', [
    closed.id,
  ]);
  await closeDays(sql);
  for (const one of [noticed, unnoticed, closed]) t.deepEqual(await stocks(one), wanted);
  t.deepEqual(await sql(`select from facilities.inventory where state = 'stock'`), []);
});

test('two sessions that close days and expire units at once never wait for each other', async (t) => {
  const database = await testDatabase(t, apps);
  const { sql } = database;
  const [left, right] = await Promise.all([facility({ sql }), facility({ sql })]);
  for (const one of [left, right]) {
    await stock(sql, one, { quantity: 8, received: '2 hours', keeps: '1 hour' });
  }
  await night(sql, left, right);
  const sessions = await Promise.all([database.client(), database.client()]);
  const both = async (text: string, ids: readonly string[]) => {
    for (const [at, session] of sessions.entries()) await session.query(text, [ids[at]]);
  };
  for (const session of sessions) await session.query("begin; set local lock_timeout = '5s'");
  const close = 'update facilities.days set closed = true where facility_id = $1 and not closed';
  await both(close, [left.id, right.id]);
  const expire = `update facilities.inventory set state = 'expired' where facility_id = $1`;
  await both(expire, [right.id, left.id]);
  for (const session of sessions) await session.query('commit');
  for (const one of [left, right]) t.is((await daysOf(sql, one)).at(-1)?.stock, 0);
});

test('closing what nobody has closed for years takes one look at it, however many days', async (t) => {
  const { sql, client } = await testDatabase(t, apps);
  const ages = [10, 100, 1000];
  const some = [];
  for (const age of ages) some.push(await facility({ sql }, { age: `${age} days` }));
  for (const [at, { id }] of some.entries()) {
    const age = ages[at] ?? 0;
    await sql(
      `insert into facilities.requests (facility_id, blood_type, quantity, created_at)
       select $1, 'A+', 1, clock_timestamp() - n * interval '1 day' from generate_series(1, $2) n`,
      [id, age],
    );
  }
  const before = await Promise.all(some.map(async (one) => await daysOf(sql, one)));
  const session = await client();
  for (const [at, { id }] of some.entries()) {
    const started = performance.now();
    await session.query(
      'update facilities.days set closed = true where facility_id = $1 and not closed',
      [id],
    );
    t.log(`${ages[at]} days: ${Math.round(performance.now() - started)} ms`);
    const [days] = await sql(
      `select count(*) filter (where closed)::int as closed,
         count(*) filter (where not closed and ends_at > now())::int as open
       from facilities.days where facility_id = $1`,
      [id],
    );
    t.deepEqual(days, { closed: ages[at], open: 1 });
  }
  t.deepEqual(await Promise.all(some.map(async (one) => await daysOf(sql, one))), before);
});
