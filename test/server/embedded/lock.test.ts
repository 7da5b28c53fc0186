import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { removeAbandoned, withLock } from '../../../src/embedded/lock.js';
import { UserError } from '../../../src/errors.js';

async function lockFile(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-lock-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'start.lock');
}

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid ?? 0;
}

test('of many at once, one works at a time, and all get their turn', async (t) => {
  const file = await lockFile(t);
  let working = 0;
  let done = 0;
  const work = async () => {
    working += 1;
    t.is(working, 1);
    await setImmediate();
    working -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(file, work)));
  t.is(done, 8);
  t.deepEqual(await readdir(join(file, '..')), [], 'nothing is left behind');
});

test('a lock that a killed process left holds nobody up, and is inherited by one', async (t) => {
  const file = await lockFile(t);
  await writeFile(file, `${await deadPid()} 12345`);
  let working = 0;
  let most = 0;
  const work = async () => {
    working += 1;
    most = Math.max(most, working);
    await setImmediate();
    working -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withLock(file, work)));
  t.is(most, 1);
});

test('who acts late on a dead holder does not remove the file of the one who came after', async (t) => {
  const file = await lockFile(t);
  await withLock(file, async () => {
    await removeAbandoned(file);
    await t.notThrowsAsync(access(file));
  });
});

test('a live process with the number of a dead holder is not taken for it', async (t) => {
  const file = await lockFile(t);
  await writeFile(file, `${process.pid} 1`);
  t.is(await withLock(file, () => Promise.resolve('done')), 'done');
});

test('an empty lock of long ago, left by a full disk, holds nobody up', async (t) => {
  const file = await lockFile(t);
  await writeFile(file, '');
  await utimes(file, new Date(0), new Date(0));
  t.is(await withLock(file, () => Promise.resolve('done')), 'done');
});

test('the remover that a killed process left holds nobody up', async (t) => {
  const file = await lockFile(t);
  await writeFile(file, `${await deadPid()} 12345`);
  await writeFile(`${file}.remove`, '');
  await utimes(`${file}.remove`, new Date(0), new Date(0));
  t.is(await withLock(file, () => Promise.resolve('done')), 'done');
});

test('work that fails gives its error and frees the lock', async (t) => {
  const file = await lockFile(t);
  await t.throwsAsync(
    withLock(file, () => Promise.reject(new Error('no'))),
    { message: 'no' },
  );
  await t.throwsAsync(access(file), { code: 'ENOENT' });
});

test('while it is held, the file names the holder', async (t) => {
  const file = await lockFile(t);
  await withLock(file, async () => {
    t.is(Number.parseInt(await readFile(file, 'utf8'), 10), process.pid);
  });
});

test('a folder that is not there is named', async (t) => {
  const file = join(await lockFile(t), 'missing', 'start.lock');
  const error = await t.throwsAsync(withLock(file, () => Promise.resolve()));
  t.true(error instanceof UserError);
  t.regex(error.message, /^cannot write .*start\.lock: ENOENT/);
});
