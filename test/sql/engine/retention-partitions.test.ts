import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import {
  failure,
  finding,
  isExact,
  numbers,
  roleName,
  type Sql,
  sqlOf,
} from '../../helpers/engine.js';
import { until } from '../../helpers/wait.js';

const DAY = `interval '1 day'`;

/** Partitions of 30 days, the oldest 120 days ago, ten rows a day; and a default one. */
async function createLog(sql: Sql, onDrop = 'subtract'): Promise<void> {
  await sql(`create table public.log (at timestamptz not null, kind int, size int not null default 2)
      partition by range (at);
    create table public.log_default partition of public.log default;
    do $$ begin
      for i in 0 .. 4 loop
        execute format('create table public.log_%s partition of public.log for values from (%L) to (%L)', i,
          date_trunc('day', now()) - (120 - 30 * i) * ${DAY}, date_trunc('day', now()) - (90 - 30 * i) * ${DAY});
      end loop;
    end $$;
    select tally.create_counter('log', 'public.log', scope => 'kind');
    select tally.create_counter('sizes', 'public.log', amount => 'size');
    insert into public.log (at, kind)
    select now() - d * ${DAY} + interval '1 hour', k % 3
    from generate_series(1, 120) d, generate_series(1, 10) k`);
  await sql(`select tally.create_retention('log', 'public.log', 'at', '45 days', on_drop => $1)`, [
    onDrop,
  ]);
}

async function partitionsOf(sql: Sql, table: string): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1',
    [table],
  );
  return rows.map(({ name }) => name);
}

const cleanUp = (sql: Sql, dryRun = false) =>
  sql<{ rows: number; partitions: number }>(
    `select rows::int, partitions from tally.clean_up('log', dry_run => $1)`,
    [dryRun],
  );

test('old partitions are dropped whole and subtracted; the rest of what is old goes row by row', async (t) => {
  const { sql } = await testDatabase(t);
  await createLog(sql);
  await sql(
    `insert into public.log (at, kind) select now() - 300 * ${DAY}, 7 from generate_series(1, 5)`,
  );
  const told = await cleanUp(sql, true);
  t.deepEqual(told, [{ rows: 755, partitions: 2 }]);
  t.deepEqual(await cleanUp(sql), told);
  t.deepEqual(await partitionsOf(sql, 'public.log'), ['log_2', 'log_3', 'log_4', 'log_default']);
  t.deepEqual(await cleanUp(sql), [{ rows: 0, partitions: 0 }]);
  t.deepEqual(await numbers(sql), {
    'log:0': 135,
    'log:1': 180,
    'log:2': 135,
    'log:7': 0,
    sizes: 900,
  });
  await isExact(t, sql);
});

for (const [how, end] of [
  ['cancelled', 'pg_cancel_backend'],
  ['whose session is ended', 'pg_terminate_backend'],
] as const) {
  test(`a clean-up ${how} half way has done nothing, and the next one does all of it`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await createLog(sql);
    await sql(`insert into public.log (at, kind) select now() - 300 * ${DAY}, 7 from generate_series(1, 5);
      create function public.hold() returns trigger language plpgsql as $$
        begin
          -- No lock: a rule waits for none as long as this.
          if not pg_try_advisory_xact_lock_shared(4711) then perform pg_sleep(60); end if;
          return old;
        end $$;
      create trigger hold before delete on public.log for each row execute function public.hold()`);
    const told = await cleanUp(sql, true);
    const before = await numbers(sql);
    const holder = await client();
    await holder.query('select pg_advisory_lock(4711)');
    // All rules, where another failure would be a warning.
    const session = await client();
    session.on('error', () => undefined);
    const [own] = await sqlOf(session)<{ pid: number }>('select pg_backend_pid() as pid');
    const ended = session.query('select * from tally.clean_up()').then(
      () => 'done',
      (error: Error) => error.message,
    );
    await until(
      async () =>
        (
          await sql(`select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [
            own?.pid,
          ])
        ).length === 1,
      { what: 'the rows, after the partitions' },
    );
    await sql(`select ${end}($1)`, [own?.pid]);
    t.regex(await ended, /canceling|terminat/);
    await holder.query('select pg_advisory_unlock(4711)');
    t.is((await partitionsOf(sql, 'public.log')).length, 6);
    t.deepEqual(await numbers(sql), before);
    await isExact(t, sql);
    t.deepEqual(await cleanUp(sql), told);
    t.deepEqual(await cleanUp(sql), [{ rows: 0, partitions: 0 }]);
    await isExact(t, sql);
  });
}

test('with keep the counters stand as before, and a recount knows why', async (t) => {
  const { sql } = await testDatabase(t);
  await createLog(sql, 'keep');
  const [whole] = await sql<{ n: number }>(
    'select (select count(*)::int from public.log_0) + (select count(*)::int from public.log_1) as n',
  );
  const kept = whole?.n ?? 0;
  t.true(kept > 0);
  t.deepEqual(await cleanUp(sql), [{ rows: 750, partitions: 2 }]);
  // The others went one by one, which counts.
  t.is((await numbers(sql)).sizes, 2 * (450 + kept));
  await isExact(t, sql);
  await sql(`select * from tally.repair()`);
  t.is((await numbers(sql)).sizes, 2 * (450 + kept));
  await sql('truncate public.log');
  t.is((await numbers(sql)).sizes, 2 * kept);
  await isExact(t, sql);
  await sql(`select tally.drop_counter('sizes')`);
  await sql('call tally.tick()');
  await sql(`select tally.create_counter('sizes', 'public.log', amount => 'size')`);
  await sql('call tally.tick()');
  t.is((await numbers(sql)).sizes ?? 0, 0, 'a new counter counts what is there');
});

for (const onDrop of ['subtract', 'keep'] as const) {
  test(`${onDrop} is exact while others write to what is dropped`, async (t) => {
    const { sql, client } = await testDatabase(t);
    await createLog(sql, onDrop);
    const writers = await Promise.all(Array.from({ length: 6 }, () => client()));
    let writing = true;
    let written = 0;
    const work = writers.map(async (writer, i) => {
      for (let n = 0; writing; n += 1) {
        // Mostly new rows; now and then one that belongs to a partition on its way out.
        const days = n % 4 === 0 ? 100 - i : 1;
        await writer.query(`insert into public.log (at, kind) values (now() - $1 * ${DAY}, $2)`, [
          days,
          n % 3,
        ]);
        if (n % 5 === 0)
          await writer.query(
            `update public.log set kind = 5 where at > now() - 2 * ${DAY} and kind = 2`,
          );
        written += 1;
      }
    });
    await until(() => written > 100);
    const gone = await cleanUp(sql);
    t.is(gone[0]?.partitions, 2);
    await until(() => written > 300);
    writing = false;
    await Promise.all(work);
    await isExact(t, sql);
    await sql('call tally.tick()');
    await isExact(t, sql);
    const [left] = await sql<{ size: number }>('select sum(size)::int as size from public.log');
    const { sizes } = await numbers(sql);
    if (onDrop === 'subtract') t.is(sizes, left?.size);
    else t.true((sizes ?? 0) >= (left?.size ?? 0) + 1000);
  });
}

test('a partition whose rows others refer to is not dropped whole', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.log (id int, at timestamptz, primary key (id, at)) partition by range (at);
    create table public.log_1 partition of public.log for values from ('2020-01-01') to ('2020-02-01');
    create table public.refs (id int, at timestamptz, foreign key (id, at) references public.log);
    insert into public.log select n, '2020-01-05' from generate_series(1, 5) n;
    insert into public.refs values (3, '2020-01-05');
    select tally.create_retention('log', 'public.log', 'at', '1 year')`);
  t.deepEqual(await cleanUp(sql, true), [{ rows: 4, partitions: 0 }]);
  t.deepEqual(await cleanUp(sql), [{ rows: 4, partitions: 0 }]);
  t.deepEqual(await sql('select id from public.log'), [{ id: 3 }]);
});

test('only whole partitions of the age itself are dropped: not with a filter, not by another column', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.log (at date not null, other date, kind int) partition by range (at);
    create table public.log_1 partition of public.log for values from ('2020-01-01') to ('2020-02-01');
    insert into public.log select '2020-01-05', current_date, n % 2 from generate_series(1, 10) n;
    select tally.create_retention('log', 'public.log', 'other', '1 year')`);
  t.deepEqual(await cleanUp(sql), [{ rows: 0, partitions: 0 }]);
  await sql(`select tally.drop_retention('log')`);
  await sql(`select tally.create_retention('log', 'public.log', 'at', '1 year', 'kind = 1')`);
  t.deepEqual(await cleanUp(sql), [{ rows: 5, partitions: 0 }]);
  await sql(`select tally.drop_retention('log')`);
  await sql(`select tally.create_retention('log', 'public.log', 'at', '1 year')`);
  t.deepEqual(await cleanUp(sql, true), [{ rows: 5, partitions: 1 }]);
  t.deepEqual(await cleanUp(sql), [{ rows: 5, partitions: 1 }]);
});

test('who reads the table keeps a partition from going for as long as the lock may take, and no longer', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createLog(sql);
  await sql(`update tally.settings set attach_wait = '300 ms'`);
  const reader = await client();
  await reader.query('begin; select count(*) from public.log');
  const error = await failure(cleanUp(sql));
  t.is(error.code, 'TL008');
  await reader.query('commit');
  t.is((await partitionsOf(sql, 'public.log')).length, 6);
  await isExact(t, sql);
  await cleanUp(sql);
  await isExact(t, sql);
});

const months = (sql: Sql, table: string) =>
  sql<{ name: string; low: string; high: string }>(
    `select b.partition::regclass::text as name, b.from_at::text as low, b.to_at::text as high
     from tally.partition_bounds($1) b where not b.is_default order by b.from_at`,
    [table],
  );

test('months are made ahead without a gap, at the zone’s midnight, across daylight saving', async (t) => {
  const { sql, client } = await testDatabase(t);
  const session = sqlOf(await client());
  await session(`set timezone = 'UTC'`);
  await sql(`update tally.settings set time_zone = 'Europe/Berlin';
    create table public.log (at timestamptz not null) partition by range (at)`);
  const [made] = await session<{ n: number }>(
    `select tally.ensure_partitions('public.log', '14 months') as n`,
  );
  t.true(made?.n === 15 || made?.n === 16, String(made?.n));
  const bounds = await session<{ low: string; high: string; berlin: string; gap: boolean }>(
    `select from_at::text as low, to_at::text as high,
       to_char(from_at at time zone 'Europe/Berlin', 'DD HH24:MI') as berlin,
       from_at <> coalesce(lag(to_at) over (order by from_at), from_at) as gap
     from tally.partition_bounds('public.log') order by from_at`,
  );
  t.deepEqual([...new Set(bounds.map(({ berlin }) => berlin))], ['01 00:00']);
  t.false(bounds.some(({ gap }) => gap));
  const hours = new Set(bounds.map(({ low }) => low.slice(11, 13)));
  t.deepEqual([...hours].sort(), ['22', '23'], 'summer and winter time');
  await session(`set timezone = 'Pacific/Auckland'`);
  const [again] = await session<{ n: number }>(
    `select tally.ensure_partitions('public.log', '14 months') as n`,
  );
  t.is(again?.n, 0, 'whoever asks');
});

test('what other partitions hold already is left to them, and what they leave open is closed', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.log (day date not null) partition by range (day);
    do $$ begin
      execute format('create table public.log_week partition of public.log for values from (%L) to (%L)',
        date_trunc('month', now())::date + 3, date_trunc('month', now())::date + 10);
    end $$`);
  await sql(`select tally.ensure_partitions('public.log', '0')`);
  const held = await months(sql, 'public.log');
  t.is(held.length, 3);
  t.is(held[0]?.high, held[1]?.low);
  t.is(held[1]?.high, held[2]?.low);
  await sql(
    `insert into public.log select date_trunc('month', now())::date + n from generate_series(0, 27) n`,
  );
  t.is((await sql('select from public.log')).length, 28);
});

test('partitions are made for ten years ahead at most', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('create table public.log (at timestamptz not null) partition by range (at)');
  const refused = await failure(sql(`select tally.ensure_partitions('public.log', '100 years')`));
  t.is(refused.code, 'TL034');
  t.regex(refused.message, /ahead is 100 years/);
  t.deepEqual(await months(sql, 'public.log'), []);
});

test('a default partition that has rows of a month keeps that month from being made, and no other', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.log (at timestamp not null) partition by range (at);
    create table public.log_rest partition of public.log default;
    select tally.create_counter('log', 'public.log');
    insert into public.log values (date_trunc('month', now() at time zone 'UTC') + interval '1 month 3 days')`);
  const session = await client();
  const said: { code?: string | undefined; message?: string | undefined }[] = [];
  session.on('notice', (notice) => said.push(notice));
  await session.query(`select tally.ensure_partitions('public.log', '2 months')`);
  const [notice] = said;
  t.is(notice?.code, 'TL037');
  t.regex(notice?.message ?? '', /of public.log: the default partition of public.log has rows/);
  t.is((await months(sql, 'public.log')).length, 2);
  t.is((await finding(sql, 'partitions of public.log')).status, 'warn');
  await sql(`with moved as (delete from public.log returning at) select from moved`);
  await sql(`update tally.jobs set next_at = now() where name like 'partitions%'`);
  await sql('select tally.run_due_jobs()');
  t.is((await months(sql, 'public.log')).length, 3);
  t.is((await finding(sql, 'partitions of public.log')).status, 'ok');
  await isExact(t, sql);
});

test('a default partition that somebody reads keeps months from being made, until the next call', async (t) => {
  const { sql, client } = await testDatabase(t);
  await sql(`create table public.log (at timestamp not null) partition by range (at);
    create table public.log_rest partition of public.log default`);
  const reader = await client();
  await reader.query('begin; select from public.log_rest');
  const session = await client();
  const said: (string | undefined)[] = [];
  session.on('notice', ({ code, hint }) => said.push(code, hint));
  await session.query(`select tally.ensure_partitions('public.log', '1 month')`);
  t.deepEqual(said, [
    'TL037',
    'What failed otherwise, for a lock say, is tried again by the next tally.ensure_partitions(…).',
  ]);
  await reader.query('commit');
  await session.query(`select tally.ensure_partitions('public.log', '1 month')`);
  t.is((await months(sql, 'public.log')).length, 2);
});

test('what cannot be partitioned by months is refused', async (t) => {
  const { sql } = await testDatabase(t);
  await sql(`create table public.plain (at timestamptz);
    create table public.listed (at timestamptz) partition by list (at);
    create table public.numbered (id int) partition by range (id)`);
  for (const table of ['plain', 'listed', 'numbered']) {
    const error = await failure(sql(`select tally.ensure_partitions('public.${table}')`), table);
    t.is(error.code, 'TL036');
  }
  t.is((await failure(sql(`select tally.ensure_partitions(null)`))).code, 'TL003');
  t.is((await failure(sql(`select tally.drop_partitioning('public.plain')`))).code, 'TL006');
  await sql('create table public.good (at timestamptz) partition by range (at)');
  t.is(
    (await failure(sql(`select tally.ensure_partitions('public.good', '-1 day')`))).code,
    'TL034',
  );
});

test('new partitions count from their first row on, also those that a server’s job makes', async (t) => {
  const { sql, client } = await testDatabase(t);
  const owner = roleName('owner');
  const dba = roleName('dba');
  await sql(`create role ${owner}; create role ${dba} in role tally_owner, ${owner}`);
  t.teardown(() => sql(`drop owned by ${owner}, ${dba} cascade; drop role ${owner}, ${dba}`));
  await sql(`create schema shop authorization ${owner};
    create table shop.log (at timestamptz not null) partition by range (at);
    alter table shop.log owner to ${owner}`);
  const session = sqlOf(await client());
  await session(`set role ${dba}`);
  await session(`select tally.create_counter('log', 'shop.log')`);
  await session(`select tally.ensure_partitions('shop.log', '0')`);
  await sql(`update tally.partitionings set ahead = '3 months';
    update tally.jobs set next_at = now() where name like 'partitions%'`);
  await sql('call tally.tick()');
  const partitions = await partitionsOf(sql, 'shop.log');
  t.true(partitions.length >= 4, JSON.stringify(await sql('select * from tally.jobs')));
  for (const partition of partitions) {
    await sql(
      `insert into ${partition} select from_at from tally.partition_bounds('shop.log')
      where partition = $1::regclass`,
      [partition],
    );
  }
  t.deepEqual(await numbers(sql), { log: partitions.length });
  await isExact(t, sql);
  t.deepEqual(await sql(`select from tally.doctor() where status = 'fail'`), []);
  t.deepEqual(
    await sql(
      `select has_schema_privilege($1, 'tally', 'usage') as usage,
      has_function_privilege($1, 'tally.count_shop_log_insert()', 'execute') as execute`,
      [owner],
    ),
    [{ usage: false, execute: false }],
  );
  await session(`select tally.drop_partitioning('shop.log')`);
});

test('retention that fails does not keep partitions from being made', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createLog(sql);
  await sql(`update tally.settings set attach_wait = '100 ms'`);
  await sql(`select tally.ensure_partitions('public.log', '0')`);
  await sql(
    `update tally.partitionings set ahead = '1 month'; update tally.jobs set next_at = now()`,
  );
  const reader = await client();
  await reader.query('begin; select count(*) from public.log_0');
  const before = (await months(sql, 'public.log')).length;
  t.is((await sql<{ n: number }>('select tally.run_due_jobs() as n'))[0]?.n, 3);
  t.true((await months(sql, 'public.log')).length > before);
  t.regex((await finding(sql, 'job clean_up log')).detail, /could not be locked/);
  await reader.query('rollback');
});

test('partitions are made although their names are taken, and the doctor says when they are not', async (t) => {
  const { sql } = await testDatabase(t);
  const long = 'l'.repeat(55);
  const tables = [
    `public.${long}_a`,
    `public.${long}_b`,
    `public."${'ü'.repeat(31)}"`,
    'public.log',
  ];
  await sql(
    `create view public.month as select to_char(now() at time zone 'UTC', 'YYYY_MM') as now`,
  );
  await sql(`do $$ begin
    execute format('create table public.%I ()', 'log_' || (select m.now from public.month m));
    end $$`);
  for (const table of tables) {
    await sql(`create table ${table} (at timestamptz not null) partition by range (at)`);
    await sql(`select tally.ensure_partitions($1, '2 months')`, [table]);
    t.is((await months(sql, table)).length, 3, table);
    await sql(`insert into ${table} values (now())`);
    const check = `partitions of ${table}`;
    t.is((await finding(sql, check)).status, 'ok');
  }
  const [last] = (await months(sql, 'public.log')).slice(-1);
  await sql(`drop table ${last?.name}`);
  const missing = await finding(sql, 'partitions of public.log');
  t.is(missing.status, 'warn');
  t.regex(missing.detail, /^missing: \d{4}_\d\d$/);
});
