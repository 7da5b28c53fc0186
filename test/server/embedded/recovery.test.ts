import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../src/database.js';
import { unprivilegedAccount } from '../../../src/embedded/account.js';
import { findBinaries } from '../../../src/embedded/binaries.js';
import { run } from '../../../src/embedded/command.js';
import { embeddedStatus, startEmbedded, stopEmbedded } from '../../../src/embedded.js';
import { until } from '../../helpers/wait.js';
import { one, pidOf, place, placeWithData, settings } from './place.js';
import { starter } from './process.js';

test('a first start that is killed half way does not get in the way of the next', async (t) => {
  const { home, dataDir, port } = await killedHalfWay(t);
  t.deepEqual(await embeddedStatus(dataDir), { state: 'absent' });
  const kept = (await readdir(home)).filter((name) => name.startsWith('pgtally'));
  t.deepEqual(kept, [], 'no password stays among the temporary files');

  const { state, url } = await startEmbedded({ dataDir, port, settings });
  t.is(state, 'created');
  t.is(await one(url, 'select 1'), 1);
  await stopEmbedded(dataDir);
  await startEmbedded({ dataDir, port, settings });
  t.deepEqual(await readdir(dataDir), ['postgres'], 'and nothing is left of it');
});

/** Half way is a second or so: where this process stood still in it, once more, at another place. */
async function killedHalfWay(t: ExecutionContext): Promise<Awaited<ReturnType<typeof place>>> {
  for (let attempt = 1; ; attempt += 1) {
    const here = await place(t);
    const { home, dataDir, port } = here;
    await mkdir(join(dataDir, 'new-abcdef', 'data', 'base'), { recursive: true });
    const { child, outcome } = starter(dataDir, port, undefined, home);
    let isOver = false;
    void outcome.then(() => {
      isOver = true;
    });
    // Another folder than the one left here, and with data: initdb is at work.
    const fresh = async () => {
      const names = await readdir(dataDir);
      const name = names.find((one) => one.startsWith('new-') && one !== 'new-abcdef');
      return name !== undefined && existsSync(join(dataDir, name, 'data', 'base'));
    };
    await until(async () => isOver || (await fresh()));
    child.kill('SIGKILL');
    const { message } = await outcome;
    if (message === 'killed by SIGKILL' && (await fresh())) return here;
    if (attempt === 5) throw new Error(`not killed half way in ${attempt} starts: ${message}`);
  }
}

test('a server that was killed recovers at the next start, sessions of it or not', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const { url } = await startEmbedded({ dataDir, port, settings });
  await one(url, 'create table kept as select 42 as value');
  process.kill(await pidOf(dataDir), 'SIGKILL');
  const again = await startEmbedded({ dataDir, port, settings });
  t.is(again.state, 'started');
  t.is(await one(again.url, 'select value from kept'), 42);
});

test('a start waits for a session of a killed server that is slow to end', async (t) => {
  const { dataDir, port, data } = await placeWithData(t);
  const { url } = await startEmbedded({ dataDir, port, settings });
  const client = await connect(url, 'pgtally test');
  const { rows } = await client.query('select pg_catalog.pg_backend_pid() as pid');
  process.kill(rows[0].pid, 'SIGSTOP');
  process.kill(await pidOf(dataDir), 'SIGKILL');
  const again = startEmbedded({ dataDir, port, settings });
  const refused = 'pre-existing shared memory block';
  await until(async () => (await readFile(join(data, 'server.log'), 'utf8')).includes(refused));
  process.kill(rows[0].pid, 'SIGCONT');
  t.is((await again).state, 'started');
  await client.end().catch(() => undefined);
});

test('a pid file whose number another process has got does not stop a start', async (t) => {
  const { dataDir, port, data } = await placeWithData(t);
  await startEmbedded({ dataDir, port, settings });
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8');
  await stopEmbedded(dataDir);
  // PostgreSQL takes a process of its own user for its predecessor, so it has to be one of those.
  const other = spawn('sleep', ['600'], { stdio: 'ignore', cwd: '/', ...unprivilegedAccount() });
  t.teardown(() => other.kill());
  const { uid, gid } = await stat(data);
  await writeFile(join(data, 'postmaster.pid'), file.replace(/^\d+/, String(other.pid)));
  await chown(join(data, 'postmaster.pid'), uid, gid);

  t.deepEqual(await embeddedStatus(dataDir), { state: 'stopped' });
  t.is((await startEmbedded({ dataDir, port, settings })).state, 'started');
  t.is(other.exitCode, null, 'the other process is left alone');
});

test('a server that runs and does not answer is stopped and started again', async (t) => {
  const { dataDir, port, data } = await placeWithData(t);
  await startEmbedded({ dataDir, port, settings });
  await stopEmbedded(dataDir);
  const { pgCtl } = await findBinaries(unprivilegedAccount());
  const deaf = ['start', '-w', '-D', data, '-l', join(data, 'deaf.log')];
  deaf.push('-o', `-c listen_addresses= -c unix_socket_directories=${data}`);
  const account = unprivilegedAccount();
  t.is((await run(pgCtl, deaf, { account, cwd: '/', output: 'dropped' })).code, 0);
  const pid = await pidOf(dataDir);

  const { state, url } = await startEmbedded({ dataDir, port, settings });
  t.is(state, 'started');
  t.is(await one(url, 'select 1'), 1);
  t.not(await pidOf(dataDir), pid);
});
