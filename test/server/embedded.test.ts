import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { withClient } from '../../src/database.js';
import { embeddedStatus, startEmbedded, stopEmbedded } from '../../src/embedded.js';
import { freePort } from '../helpers/ports.js';
import { one, pidOf, place, placeWithData, settings } from './embedded/place.js';
import { starter } from './embedded/process.js';

test('the first start makes a database that sorts the same on every machine', async (t) => {
  const { dataDir, port } = await place(t);
  t.deepEqual(await embeddedStatus(dataDir), { state: 'absent' });
  const { url, ...embedded } = await startEmbedded({ dataDir, port, settings });
  t.is(embedded.state, 'created');
  t.is(embedded.port, port);
  t.regex(embedded.version, /^18\./);
  t.regex(url, new RegExp(`^postgres://postgres:[0-9a-f]{48}@127\\.0\\.0\\.1:${port}/tally$`));
  t.is(
    await one(
      url,
      `select pg_catalog.format('%s %s %s', pg_catalog.pg_encoding_to_char(encoding),
         datlocprovider, datlocale)
       from pg_catalog.pg_database where datname = 'tally'`,
    ),
    'UTF8 b C.UTF-8',
  );
});

test('only this machine gets at it, and only with the password', async (t) => {
  const { dataDir, port, data } = await placeWithData(t);
  const { url } = await startEmbedded({ dataDir, port, settings });
  t.is(await one(url, 'show listen_addresses'), '127.0.0.1');
  t.is(await one(url, 'show unix_socket_directories'), '');
  t.is((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777, 0o600);
  t.is((await stat(data)).mode & 0o777, 0o700);
  const methods =
    "select pg_catalog.string_agg(distinct auth_method, ',') from pg_catalog.pg_hba_file_rules";
  t.is(await one(url, methods), 'scram-sha-256');
  const wrong = new URL(url);
  wrong.password = 'guessed';
  await t.throwsAsync(one(wrong.href, 'select 1'), { message: /password/ });
});

test('settings reach the server whatever characters are in them', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const prefix = `it's \\ "%m" $(touch x) `;
  const { url } = await startEmbedded({
    dataDir,
    port,
    settings: { ...settings, log_line_prefix: prefix, work_mem: '5MB' },
  });
  t.is(await one(url, 'show log_line_prefix'), prefix);
  t.is(await one(url, 'show work_mem'), '5MB');
});

test('data is there again after a stop and a start, on another port if asked', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const first = await startEmbedded({ dataDir, port, settings });
  await one(first.url, 'create table kept as select 42 as value');
  await first.stop();
  t.deepEqual(await embeddedStatus(dataDir), { state: 'stopped' });
  await t.throwsAsync(one(first.url, 'select 1'), { message: /nothing listens there/ });

  const other = await freePort();
  const second = await startEmbedded({ dataDir, port: other, settings });
  t.is(second.state, 'started');
  t.is(second.port, other);
  t.is(await one(second.url, 'select value from kept'), 42);
});

test('a start while it runs gives the same server, on the port that it has', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const first = await startEmbedded({ dataDir, port, settings });
  const pid = await pidOf(dataDir);
  const second = await startEmbedded({ dataDir, port: await freePort(), settings });
  t.is(second.state, 'adopted');
  t.is(second.url, first.url);
  t.is(await pidOf(dataDir), pid);
});

test('several starts at once, in several processes, give one server', async (t) => {
  const { dataDir, port } = await place(t);
  const outcomes = await Promise.all([
    starter(dataDir, port).outcome,
    starter(dataDir, port).outcome,
    startEmbedded({ dataDir, port }),
    startEmbedded({ dataDir, port }),
  ]);
  t.deepEqual(outcomes.map(({ state }) => state).sort(), [
    'adopted',
    'adopted',
    'adopted',
    'created',
  ]);
  t.is(new Set(outcomes.map(({ url }) => url)).size, 1);
});

test('the server outlives the process that started it', async (t) => {
  const { dataDir, port } = await place(t);
  const { state, url = '' } = await starter(dataDir, port).outcome;
  t.is(state, 'created');
  t.is(await one(url, 'select 1'), 1);
  t.is((await startEmbedded({ dataDir, port })).state, 'adopted');
});

test('stopping what does not run does nothing and says so', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  t.false(await stopEmbedded(dataDir));
  await startEmbedded({ dataDir, port, settings });
  t.true(await stopEmbedded(dataDir));
  t.false(await stopEmbedded(dataDir));
});

test('stopping ends sessions that are open', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const { url, stop } = await startEmbedded({ dataDir, port, settings });
  await withClient(url, 'pgtally test', async (client) => {
    await client.query('begin');
    await stop();
    await t.throwsAsync(async () => client.query('select 1'));
  });
  t.deepEqual(await embeddedStatus(dataDir), { state: 'stopped' });
});
