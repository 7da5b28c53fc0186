import { readFile } from 'node:fs/promises';
import test from 'ava';
import { open } from '../helpers/boxes-server.js';
import { testDatabase } from '../helpers/database.js';
import { serve } from '../helpers/serving.js';
import { areEqual, assertSound } from '../helpers/sound.js';

const SCOPES = 100;
const ROUNDS = 300;
const READERS = 20;
/** Unbounded it would be READERS × ROUNDS × 60 kB = 360 MB. */
const GROWTH_MB_MAX = 100;

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

test('readers that stop reading cost bounded memory, and get the newest of each on resuming', async (t) => {
  const database = await testDatabase(t);
  const scope = `'${'x'.repeat(500)}' || n`;
  await database.sql('create table public.wide (n int, v int)');
  await database.sql(
    `select tally.create_counter('wide', 'public.wide', scope => $1, amount => 'v',
      audience => 'public')`,
    [scope],
  );
  await database.sql(`insert into public.wide select n, 0 from generate_series(1, ${SCOPES}) n`);
  await database.sql('call tally.tick()');
  const topics = Array.from({ length: SCOPES }, (_, i) => `wide:${'x'.repeat(500)}${i + 1}`);
  // 100 topics of 500 letters are more than a request line of Node's default 16 kB may be.
  const few = topics.slice(0, 20);
  const server = await serve(t, { databaseUrl: database.url });
  const streams = await Promise.all(
    Array.from({ length: READERS }, () => open(t, server, { topics: few })),
  );
  const reading = await open(t, server, { topics: few });
  await Promise.all([...streams, reading].map(({ recorder }) => recorder.sync(1)));
  const before = await residentMb(server.pid);
  for (const stream of streams) stream.pause();
  for (let round = 1; round <= ROUNDS; round += 1) {
    await database.sql('update public.wide set v = $1', [round]);
  }
  await reading.recorder.value(few[0] ?? '', ROUNDS);
  const growth = (await residentMb(server.pid)) - before;
  t.log(`${Math.round(growth)} MB more with ${READERS} readers that read nothing`);
  t.true(growth < GROWTH_MB_MAX, `${growth} MB`);
  for (const stream of streams) stream.resume();
  const sound = { atSync: areEqual(few), growing: few };
  for (const { recorder } of streams) {
    for (const topic of few) await recorder.value(topic, ROUNDS);
    assertSound(recorder.frames, sound);
    t.deepEqual(recorder.faults, []);
    t.true(recorder.count('update') < ROUNDS * few.length, 'conflated');
  }
  assertSound(reading.recorder.frames, sound);
});
