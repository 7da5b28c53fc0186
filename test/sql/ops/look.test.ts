import { readdir } from 'node:fs/promises';
import test from 'ava';
import { until } from '../../helpers/wait.js';
import { OPS, run, shop, textOf } from './shop.js';

test('each script says when to use it, and writes only if it says WRITES', async (t) => {
  const { dba } = await shop(t);
  await dba.query("set default_transaction_read_only = 'on'");
  const names = (await readdir(OPS)).filter((name) => name.endsWith('.sql'));
  t.true(names.length >= 10);
  for (const name of names) {
    const text = await textOf(name);
    t.regex(text, /^-- .{20}/, name);
    t.notRegex(text, /^\s*\\/m, `${name}: a psql command would not run in pgtally sql`);
    if (/^-- WRITES/.test(text)) continue;
    t.regex(text, /^-- Then:/m, name);
    await t.notThrowsAsync(run(dba, name), name);
  }
});

test('status.sql shows the quick look, complaints alone, and counters without a number', async (t) => {
  const { dba, sql } = await shop(t);
  await sql('alter table shop.events_1 disable trigger user');
  await sql(
    "insert into tally.fill_requests (counter, reason, pulse) values (tally.counter_id('orders'), 'asked for', 0)",
  );
  const [look, complaints, unreadable] = await run(dba, 'status.sql');
  t.like(look?.[0], { filled: '2', filling: '1', broken: '0', attended: false });
  t.true(Number(look?.[0]?.pending) > 0);
  const checks = complaints?.map((row) => row.check) ?? [];
  t.true(checks.includes('triggers on shop.events_1'));
  t.true(checks.includes('counter orders'));
  t.false(complaints?.some(({ status }) => status === 'ok'));
  t.like(unreadable, [{ name: 'orders', state: 'filling' }]);
});

test('pending.sql shows what waits for each counter, who attends and who has not committed', async (t) => {
  const { client, dba } = await shop(t);
  const server = await client('a server');
  await server.query('select tally.attend()');
  const writer = await client('a writer');
  await writer.query('begin');
  await writer.query('insert into shop.orders values (100, 1, true)');
  const [counters, attending, open] = await run(dba, 'pending.sql');
  t.like(
    counters?.find(({ name }) => name === 'orders'),
    { pending: '3', scopes: '3', net: '10' },
  );
  t.like(
    counters?.find(({ name }) => name === 'unpaid'),
    { pending: '1', net: '5' },
  );
  t.like(attending, [{ what: 'attends', application_name: 'a server' }]);
  t.like(open, [{ what: 'a writer', state: 'idle in transaction' }]);
  await writer.query('commit');
  await dba.query('select tally.pulse()');
  const [after, , closed] = await run(dba, 'pending.sql');
  t.deepEqual([after, closed], [[], []]);
});

test('who-blocks.sql names the writer that a new counter waits for, and who waits', async (t) => {
  const { client, dba } = await shop(t);
  const writer = await client('a slow writer');
  await writer.query('begin');
  await writer.query('insert into shop.orders values (100, 1, true)');
  const [blockers] = await run(dba, 'who-blocks.sql');
  t.like(blockers?.[0], { counted_table: 'shop.orders', application_name: 'a slow writer' });
  const waiting = await client('someone waiting');
  await waiting.query('begin');
  const statement = 'lock table shop.orders in share row exclusive mode';
  const locked = waiting.query(statement);
  // What each session does is looked at a moment before whom it waits for.
  const waiters = await until(async () => {
    const [, rows] = await run(dba, 'who-blocks.sql');
    return rows?.some((row) => row.statement === statement) && rows;
  });
  t.is(waiters.length, 1);
  await writer.query('commit');
  await locked;
});

test('who-blocks.sql names a prepared transaction that is in the way', async (t) => {
  const { dba, sql } = await shop(t);
  await sql('update tally.settings set doorbell = false');
  await sql(
    "begin; insert into shop.orders values (100, 1, true); prepare transaction 'forgotten'",
  );
  const [blockers] = await run(dba, 'who-blocks.sql');
  t.like(blockers, [
    { counted_table: 'shop.orders', who: 'prepared forgotten', state: 'prepared' },
  ]);
  const [, , open] = await run(dba, 'pending.sql');
  t.like(open, [{ pid_or_gid: 'forgotten', state: 'prepared' }]);
  await sql("commit prepared 'forgotten'");
  t.deepEqual((await run(dba, 'who-blocks.sql'))[0], []);
});

test('triggers.sql tells missing from disabled, and finds what a detached partition kept', async (t) => {
  const { dba, sql } = await shop(t);
  await sql('drop trigger _500_tally_delete on shop.orders');
  await sql('alter table shop.events_2 disable trigger _500_tally_insert');
  await sql('alter table shop.events detach partition shop.events_1');
  const [tables = [], stray] = await run(dba, 'triggers.sql');
  t.like(tables.slice(0, 2), [
    { relation: 'shop.events_2', missing: null, disabled: '_500_tally_insert' },
    { relation: 'shop.orders', missing: '_500_tally_delete', disabled: null },
  ]);
  t.is(tables[2]?.relation, 'shop.events');
  t.is(tables[2]?.in_place, tables[2]?.expected);
  t.true(stray?.some(({ name }) => name === '_500_tally_insert'));
  t.true(stray?.every(({ relation }) => relation === 'shop.events_1'));
  await sql('select * from tally.attach()');
  await sql('alter table shop.events_2 enable trigger user');
  const [mended, left] = await run(dba, 'triggers.sql');
  t.true(mended?.every((row) => row.in_place === row.expected));
  t.deepEqual(left, []);
});

test('slow-folds.sql adds up what the kept pulses folded, slowest first', async (t) => {
  const { dba } = await shop(t);
  await dba.query('select tally.pulse()');
  await dba.query('delete from shop.orders where id > 5');
  await dba.query('select tally.pulse()');
  const [[sum] = [], pulses = []] = await run(dba, 'slow-folds.sql');
  const { rows } = await dba.query('select sum(folded) as deltas from tally.pulses');
  t.like(sum, { pulses: '2', deltas: String(rows[0]?.deltas) });
  const times = pulses.map(({ took_ms: took }) => Number(took));
  t.deepEqual(
    times,
    times.toSorted((a, b) => b - a),
  );
});

test('sizes.sql lists every table of the schema, and the counters with most scopes', async (t) => {
  const { dba } = await shop(t);
  await dba.query('select tally.pulse()');
  const [tables = [], scopes = []] = await run(dba, 'sizes.sql');
  const { rows } = await dba.query("select tablename from pg_tables where schemaname = 'tally'");
  t.deepEqual(tables.map(({ name }) => name).sort(), rows.map((row) => row.tablename).sort());
  t.like(scopes[0], { name: 'orders', scopes: '3' });
});
