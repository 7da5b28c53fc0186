import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startEmbedded, stopEmbedded } from '../../../src/embedded.js';
import { UserError } from '../../../src/errors.js';
import { freePort } from '../../helpers/ports.js';
import { one, place, placeWithData, settings } from './place.js';

async function refusal(t: ExecutionContext, work: Promise<unknown>): Promise<UserError> {
  const error = await t.throwsAsync(work);
  if (!(error instanceof UserError)) throw error;
  t.truthy(error.hint, 'it says what to do');
  return error;
}

test('a port that another program has is named with the setting that changes it', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const other = createServer();
  t.teardown(() => other.close());
  other.listen(port, '127.0.0.1');
  await once(other, 'listening');
  const error = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.is(
    error.message,
    `PostgreSQL cannot listen on port ${port} of 127.0.0.1: Address already in use`,
  );
  t.regex(error.hint ?? '', /TALLY_PG_PORT.*DATABASE_URL/);
  t.is((await startEmbedded({ dataDir, port: await freePort(), settings })).state, 'started');
});

test('a server that does not start tells what it said last', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const work = startEmbedded({ dataDir, port, settings: { nonsense: '1' } });
  const error = await refusal(t, work);
  t.regex(error.message, /^PostgreSQL did not start: .*"nonsense"/s);
  t.regex(error.hint ?? '', /server\.log/);
  t.is((await startEmbedded({ dataDir, port, settings })).state, 'started');
});

test('data of another major version is refused, and left as it is', async (t) => {
  const { dataDir, port, data } = await placeWithData(t);
  await startEmbedded({ dataDir, port, settings });
  await stopEmbedded(dataDir);
  await writeFile(join(data, 'PG_VERSION'), '17\n');
  const error = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.is(error.message, `${data} holds data of PostgreSQL 17; the binaries are of 18`);
  await writeFile(join(data, 'PG_VERSION'), '18\n');
  t.is((await startEmbedded({ dataDir, port, settings })).state, 'started');
});

test('a folder that is the data directory of another PostgreSQL is refused', async (t) => {
  const { dataDir, port } = await place(t);
  await mkdir(dataDir);
  await writeFile(join(dataDir, 'PG_VERSION'), '16\n');
  const error = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.is(error.message, `${dataDir} is the data directory of another PostgreSQL`);
});

test('a lost or changed password is named, and the server is left running', async (t) => {
  const { dataDir, port } = await placeWithData(t);
  const { url } = await startEmbedded({ dataDir, port, settings });
  const file = join(dataDir, 'postgres', 'password');
  const kept = await readFile(file, 'utf8');
  await writeFile(file, 'another\n');
  const changed = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.regex(changed.message, /refuses the password kept for it$/);
  t.true(changed.hint?.includes(file));
  await rm(file);
  const lost = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.is(lost.message, `cannot read the database password from ${file}`);
  t.is(await one(url, 'select 1'), 1);
  await writeFile(file, kept);
  t.is((await startEmbedded({ dataDir, port, settings })).state, 'adopted');
});

test('data whose files are gone is named', async (t) => {
  const { dataDir, port } = await place(t);
  await mkdir(join(dataDir, 'postgres'), { recursive: true });
  const error = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.is(error.message, `${join(dataDir, 'postgres')} holds no PostgreSQL data any more`);
});

test('a file where the data folder should be is named', async (t) => {
  const { dataDir, port } = await place(t);
  await writeFile(dataDir, '');
  const error = await refusal(t, startEmbedded({ dataDir, port, settings }));
  t.true(error.message.startsWith(`cannot write to the data folder ${dataDir}: `));
  t.regex(error.hint ?? '', /TALLY_DATA_DIR/);
});
