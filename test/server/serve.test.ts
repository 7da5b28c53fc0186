import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { cli, startCli } from '../helpers/cli.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { countedDatabase } from '../helpers/http.js';
import { serve } from '../helpers/serving.js';
import { until } from '../helpers/wait.js';

test('serve answers until SIGTERM, then ends its streams and exits with 0', async (t) => {
  const database = await countedDatabase(t);
  const server = await serve(t, { databaseUrl: database.url });
  const stream = await fetch(`${server.url}/v1/stream?topic=things`);
  const text = stream.text();
  t.is((await fetch(`${server.url}/v1/counters/things`)).status, 200);
  server.signal('SIGTERM');
  t.is(await server.ended(), 0, server.output());
  t.regex(await text, /event: sync/);
  t.regex(server.output(), /"msg":"stopped"/);
});

const isHeldUp = async (database: TestDatabase): Promise<boolean> =>
  (
    await database.sql(
      `select from pg_stat_activity where application_name = 'pgtally' and wait_event_type = 'Lock'
         and datname = current_database()`,
    )
  ).length > 0;

test('a second signal ends it at once, with code 1', async (t) => {
  const database = await countedDatabase(t);
  const server = await serve(t, { databaseUrl: database.url });
  const streams = await Promise.all(
    Array.from({ length: 10 }, () => fetch(`${server.url}/v1/stream?topic=things`)),
  );
  // Not to be answered before the second signal, however long that takes.
  const holder = await database.client();
  await holder.query('begin; lock table tally.totals in access exclusive mode');
  const slow = fetch(`${server.url}/v1/counters/things`).catch(() => undefined);
  await until(() => isHeldUp(database));
  server.signal('SIGTERM');
  await until(() => server.output().includes('stopping'));
  server.signal('SIGINT');
  t.is(await server.ended(), 1);
  await slow;
  for (const { body } of streams) await body?.cancel().catch(() => undefined);
});

test('requests in flight are answered before it exits', async (t) => {
  const database = await countedDatabase(t);
  const server = await serve(t, { databaseUrl: database.url });
  const holder = await database.client();
  await holder.query('begin');
  await holder.query('lock table tally.totals in access exclusive mode');
  const slow = fetch(`${server.url}/v1/counters/things`);
  await until(() => isHeldUp(database));
  server.signal('SIGTERM');
  await until(() => server.output().includes('stopping'));
  t.true(server.isAlive());
  await holder.query('rollback');
  t.is((await slow).status, 200);
  t.is(await server.ended(), 0, server.output());
});

test('a port that is taken is named, with what to do', async (t) => {
  const database = await testDatabase(t);
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  t.teardown(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  const env = { DATABASE_URL: database.url, PORT: String(port), LOG_LEVEL: 'silent' };
  const { code, stderr } = await cli(['serve'], { env });
  t.is(code, 1);
  t.is(
    stderr,
    `error: 127.0.0.1:${port} is taken\nhint: Stop what listens there, or take another port: PORT=3001\n`,
  );
  const away = await cli(['serve'], { env: { ...env, HOST: '203.0.113.1', PORT: '0' } });
  t.is(away.code, 1);
  t.regex(away.stderr, /^error: 203\.0\.113\.1:0 is not an address of this machine\nhint: HOST is/);
});

test('a database without the engine, or a wrong setting, stops the start with what to do', async (t) => {
  const empty = await testDatabase(t, { template: 'empty' });
  const env = { DATABASE_URL: empty.url, PORT: '0', LOG_LEVEL: 'silent' };
  const bare = await cli(['serve'], { env });
  t.is(bare.code, 1);
  t.regex(
    bare.stderr,
    /^error: there is no pgtally in .*\nhint: install it: pgtally migrate --engine-only/,
  );
  const wrong = await cli(['serve'], { env: { ...env, TALLY_JWT_SECRET: 'short' } });
  t.is(wrong.code, 1);
  t.regex(wrong.stderr, /^error: TALLY_JWT_SECRET must be at least 32 bytes long/);
  t.notRegex(wrong.stderr, /short/);
});

test('where to listen is checked as the database is: it is there, and it is the same one', async (t) => {
  const [database, other] = await Promise.all([testDatabase(t), testDatabase(t)]);
  const at = (change: (url: URL) => void) => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };
  const env = { DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'silent' };
  const wrong = async (over: Record<string, string>, said: RegExp) => {
    const { code, stderr } = await cli(['serve'], { env: { ...env, ...over } });
    t.is(code, 1, stderr);
    t.regex(stderr, said);
  };
  await wrong(
    { DATABASE_LISTEN_URL: other.url },
    /^error: DATABASE_LISTEN_URL names .*, which is not the database of .*\nhint: /,
  );
  const nowhere = at((url) => {
    url.pathname = '/nowhere';
  });
  await wrong({ DATABASE_LISTEN_URL: nowhere }, /^error: DATABASE_LISTEN_URL: .* does not exist/);
  const mistyped = at((url) => {
    url.password = 'wrong';
  });
  await wrong({ DATABASE_LISTEN_URL: mistyped }, /^error: DATABASE_LISTEN_URL: .* is not let in/);
  const without = at((url) => {
    url.password = '';
  });
  await wrong({ DATABASE_URL: without }, /^error: .* needs a password\nhint: /);
});

test('start migrates, serves, and says what to try; the lines of others show no password', async (t) => {
  const empty = await testDatabase(t, { template: 'empty' });
  const url = new URL(empty.url);
  const running = startCli(['start'], {
    env: { DATABASE_URL: empty.url, PORT: '0', LOG_LEVEL: 'silent' },
  });
  t.teardown(() => running.kill('SIGKILL'));
  const tables = () =>
    empty.sql(`select from pg_stat_activity where application_name =
    'pgtally-listener' and datname = current_database()`);
  await until(async () => (await tables()).length > 0, { what: 'the server', deadlineMs: 120_000 });
  running.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  t.is(code, 0, stderr);
  t.regex(stdout, /pgtally serves on http:\/\/127\.0\.0\.1:\d+\n/);
  t.regex(stdout, /^ {2}curl -N 'http:\/\/127\.0\.0\.1:\d+\/v1\/stream\?topic=open_tasks'/m);
  t.regex(stdout, /the server is stopped\n$/);
  t.true(url.password.length > 0);
  t.false(stdout.includes(url.password));
});
