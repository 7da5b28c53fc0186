import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { engineDatabase } from '../helpers/cluster.js';
import { debian15 } from '../helpers/debian.js';
import { failure, isExact, numbers } from '../helpers/engine.js';
import { skip } from '../helpers/skip.js';
import { until } from '../helpers/wait.js';

const run = promisify(execFile);
const DISK = '200m';
/** Before a test sends new folders to its own disk. */
const BASE = tmpdir();

/** A small file system that is gone when the test ends, or undefined where none may be mounted. */
async function smallDisk(t: ExecutionContext<unknown>): Promise<string | undefined> {
  const folder = mkdtempSync(join(BASE, 'pgtally-disk-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=1777`, 'tmpfs', folder]);
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  t.teardown(async () => {
    await run('umount', ['--lazy', folder]);
    rmdirSync(folder);
  });
  return folder;
}

function fill(path: string): void {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(8192);
  try {
    for (;;) writeSync(file, block);
  } catch {
    closeSync(file);
  }
}

test.serial(
  'writers fail while the disk is full, nothing is half done, and then it goes on',
  async (t) => {
    const disk = await smallDisk(t);
    if (disk === undefined) return skip(t, 'the right to mount a small file system');
    process.env.TMPDIR = disk;
    const server = await debian15(t, { settings: { max_wal_size: '48MB', min_wal_size: '32MB' } });
    if (server === undefined) return;
    const db = await engineDatabase(t, server.url);
    await db.sql(`create table public.t (id int generated always as identity, k text);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t (k) select i % 100 from generate_series(1, 1000) i`);
    const before = await numbers(db.sql);
    const ballast = join(disk, 'ballast');
    fill(ballast);

    const error = await failure(
      db.sql(
        `insert into public.t (k) select repeat('x', 400) || i from generate_series(1, 20000) i`,
      ),
    );
    t.is(error.code, '53100', error.message);
    const client = await db.client();
    await client.query('begin; savepoint s').catch(() => undefined);
    rmSync(ballast);
    await until(() => db.sql('select 1'), { what: 'the server', deadlineMs: 30_000 });
    t.deepEqual(await numbers(db.sql), before);
    await isExact(t, db.sql);

    await db.sql(`insert into public.t (k) select i % 100 from generate_series(1, 1000) i`);
    await db.sql('call tally.tick()');
    t.is((await numbers(db.sql, 'rows')).rows, 2000);
    await isExact(t, db.sql);
  },
);

test.serial('a fold that finds the disk full folds nothing, and the next one all', async (t) => {
  const disk = await smallDisk(t);
  if (disk === undefined) return skip(t, 'the right to mount a small file system');
  process.env.TMPDIR = disk;
  const server = await debian15(t, { settings: { max_wal_size: '48MB', min_wal_size: '32MB' } });
  if (server === undefined) return;
  const db = await engineDatabase(t, server.url);
  await db.sql(`update tally.settings set fold_at = 0;
    create table public.t (k text);
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t select repeat('x', 300) || i from generate_series(1, 20000) i; checkpoint`);
  const before = Object.keys(await numbers(db.sql)).length;
  const ballast = join(disk, 'ballast');
  fill(ballast);
  await t.throwsAsync(db.sql('select tally.pulse()'));
  rmSync(ballast);
  await until(
    () =>
      server.start().then(
        () => true,
        () => db.sql('select 1'),
      ),
    {
      what: 'the server',
      deadlineMs: 30_000,
    },
  );
  t.is(Object.keys(await numbers(db.sql)).length, before);
  await isExact(t, db.sql);
  const [folded] = await db.sql('select folded from tally.pulse()');
  t.deepEqual(folded, { folded: 20_000 });
  await isExact(t, db.sql);
});
