import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { withClient } from '../../../src/database.js';
import { run } from '../../../src/embedded/command.js';
import { embeddedStatus, startEmbedded, stopEmbedded } from '../../../src/embedded.js';
import { freePort } from '../../helpers/ports.js';

/** These servers live for seconds, and nobody misses what a crash of the machine takes. */
export const settings = { fsync: 'off', shared_buffers: '16MB' };

let seed: Promise<string> | undefined;

test.after.always(async () => {
  const made = await seed?.catch(() => undefined);
  if (made !== undefined) await rm(made, { recursive: true, force: true });
});

/** A data folder of the test's own; whatever runs on it is stopped at the end. */
export async function place(t: ExecutionContext, mode = 0o755) {
  const home = await mkdtemp(join(tmpdir(), 'pgtally-launch-'));
  await chmod(home, mode);
  const dataDir = join(home, 'data');
  t.teardown(async () => {
    await stopEmbedded(dataDir).catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  });
  const port = await freePort();
  return { home, dataDir, port, data: join(dataDir, 'postgres', 'data') };
}

/** The same with data in it, made once for all tests of a file that need not see it made. */
export async function placeWithData(t: ExecutionContext) {
  seed ??= makeSeed();
  const made = await place(t);
  const copy = ['-a', join(await seed, 'data'), made.dataDir];
  t.is((await run('cp', copy, { account: undefined, cwd: '/' })).code, 0);
  return made;
}

async function makeSeed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-seed-'));
  const options = { dataDir: join(folder, 'data'), port: await freePort(), settings };
  const { stop } = await startEmbedded(options);
  await stop();
  return folder;
}

/** The first column of the first row. */
export async function one(url: string, text: string): Promise<unknown> {
  return withClient(url, 'pgtally test', async (client) => {
    const { rows } = await client.query({ text, rowMode: 'array' });
    return rows[0]?.[0];
  });
}

export async function pidOf(dataDir: string): Promise<number> {
  const status = await embeddedStatus(dataDir);
  if (!('pid' in status)) throw new Error('no server runs');
  return status.pid;
}
