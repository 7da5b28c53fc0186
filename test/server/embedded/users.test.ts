import { chmod, chown, stat } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { withClient } from '../../../src/database.js';
import { run } from '../../../src/embedded/command.js';
import { startEmbedded, stopEmbedded } from '../../../src/embedded.js';
import { skip } from '../../helpers/skip.js';
import { until } from '../../helpers/wait.js';
import { one, pidOf, place, settings } from './place.js';
import { starter } from './process.js';

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };

test('as root, a home that only root may enter holds the data all the same', async (t) => {
  if (!isRoot || process.platform !== 'linux') return skip(t, 'root on Linux');
  const { dataDir, port } = await place(t, 0o700);
  const { url, state } = await startEmbedded({ dataDir, port, settings });
  t.is(state, 'created');
  await one(url, 'create table kept as select 42 as value');
  // A killed session makes the server begin anew, from where it is.
  const victim = withClient(url, 'pgtally test', async (client) => {
    const { rows } = await client.query('select pg_catalog.pg_backend_pid() as pid');
    process.kill(rows[0].pid, 'SIGKILL');
    await client.query('select pg_catalog.pg_sleep(10)');
  });
  await t.throwsAsync(victim);
  t.is(await until(() => one(url, 'select value from kept')), 42);
  process.kill(await pidOf(dataDir), 'SIGKILL');
  const again = await startEmbedded({ dataDir, port, settings });
  t.is(again.state, 'started');
  t.is(await one(again.url, 'select value from kept'), 42);
});

async function plainUserCanRun(): Promise<boolean> {
  if (!isRoot) return false;
  const look = ['-c', 'test -r "$1"', 'sh', path.resolve('package.json')];
  return (await run('/bin/sh', look, { account: NOBODY, cwd: '/' })).code === 0;
}

test('a plain user starts it too, and root then runs it as that user', async (t) => {
  if (!(await plainUserCanRun())) return skip(t, 'root, and a project that all users may read');
  const { home, dataDir, port, data } = await place(t);
  await chown(home, NOBODY.uid, NOBODY.gid);
  const first = await starter(dataDir, port, NOBODY).outcome;
  t.is(first.message, undefined);
  t.is(first.state, 'created');
  t.is((await stat(data)).uid, NOBODY.uid);
  t.is((await startEmbedded({ dataDir, port })).state, 'adopted');
  t.true(await stopEmbedded(dataDir));

  t.is((await startEmbedded({ dataDir, port, settings })).state, 'started');
  const pid = await pidOf(dataDir);
  t.is((await stat(`/proc/${pid}`)).uid, NOBODY.uid);
  t.is((await starter(dataDir, port, NOBODY).outcome).state, 'adopted');
  await stopEmbedded(dataDir);
  t.is((await starter(dataDir, port, NOBODY).outcome).state, 'started');
});

test('a plain user is told that the data of another user is not his', async (t) => {
  if (!(await plainUserCanRun())) return skip(t, 'root, and a project that all users may read');
  const { dataDir, port } = await place(t);
  await startEmbedded({ dataDir, port, settings });
  const { message = '', hint = '' } = await starter(dataDir, port, NOBODY).outcome;
  t.regex(message, /^cannot write to the data folder /);
  await chmod(dataDir, 0o777);
  const second = await starter(dataDir, port, NOBODY).outcome;
  t.regex(second.message ?? '', /data belongs to another user \(uid \d+; this is uid 65534\)$/);
  t.regex(`${hint} ${second.hint}`, /TALLY_DATA_DIR.*TALLY_DATA_DIR/s);
});

test('a plain user is told of a folder that he may not write to', async (t) => {
  if (!(await plainUserCanRun())) return skip(t, 'root, and a project that all users may read');
  const { dataDir, port } = await place(t);
  const { message = '', hint = '' } = await starter(dataDir, port, NOBODY).outcome;
  t.regex(message, /^cannot write to the data folder .*data: EACCES/);
  t.regex(hint, /TALLY_DATA_DIR/);
});
