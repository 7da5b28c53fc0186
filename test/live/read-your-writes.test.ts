import test from 'ava';
import { endsRight, TOPICS } from '../helpers/boxes.js';
import { boxesServer, movers, open } from '../helpers/boxes-server.js';
import { updateOf } from '../helpers/frames.js';
import { assertSound } from '../helpers/sound.js';
import { until } from '../helpers/wait.js';

/** What was committed before a stream was asked for is in its first frames, folded or not. */

const GROWING = { growing: ['entries', 'own:me'] };

test('a pulse that began before a commit and ends after the first frames takes nothing back', async (t) => {
  const { server, database } = await boxesServer(t, { pulses: false });
  const pulsing = await database.client('a slow pulse');
  await database.sql('insert into public.entries default values');
  await pulsing.query('begin; select tally.pulse()');
  await database.sql('insert into public.entries default values');
  const { recorder } = await open(t, server, { topics: ['entries'] });
  await recorder.sync(1);
  t.is(recorder.last('entries'), '2');
  // It announces 1: what it saw when it began.
  await pulsing.query('commit');
  await database.sql('insert into public.entries default values');
  await database.sql('select tally.pulse()');
  await recorder.value('entries', 3);
  const values = recorder.frames
    .filter(({ event }) => event === 'update')
    .map((frame) => updateOf(frame).value);
  // What is said again is no fault: where the machine is slow, it is read once more.
  t.deepEqual([...new Set(values)], ['2', '3']);
  assertSound(recorder.frames, GROWING);
});

test('two counters of one pending transaction stay together until it is folded', async (t) => {
  const { server, database } = await boxesServer(t, { pulses: false });
  const pulsing = await database.client('a slow pulse');
  await database.sql('insert into public.entries default values');
  await database.sql('insert into public.twins default values');
  await pulsing.query('begin; select tally.pulse()');
  const late = await database.client('a late writer');
  await late.query('begin; insert into public.entries default values');
  await late.query('insert into public.twins default values; commit');
  const { recorder } = await open(t, server, { topics: ['entries', 'twins'] });
  await recorder.sync(1);
  await pulsing.query('commit');
  await database.sql('select tally.pulse()');
  await database.sql(`insert into public.entries default values`);
  await database.sql('select tally.pulse()');
  await recorder.value('entries', 3);
  const shown = recorder.frames.filter(({ event }) => event === 'update').map(updateOf);
  t.true(
    shown.every(({ topic, value }) => value === '2' || (topic === 'entries' && value === '3')),
  );
});

test('a write of a moment ago is in the first frames, whatever many writers do', async (t) => {
  const { server, database } = await boxesServer(t);
  await database.sql('create table public.own (who text)');
  await database.sql(
    `select tally.create_counter('own', 'public.own', scope => 'who', audience => 'public')`,
  );
  const moving = movers(t, database, { sessions: 4 });
  const writer = await database.client('the one who reads');
  for (let round = 1; round <= 60; round += 1) {
    const { rows } = await writer.query<{ before: string }>(
      `select value as before from tally.counters where name = 'entries'`,
    );
    await writer.query(`insert into public.own values ('me')`);
    const stream = await open(t, server, { topics: ['own:me', ...TOPICS] });
    const { recorder } = stream;
    await recorder.sync(1);
    const first = recorder.frames.filter(({ event }) => event === 'update').map(updateOf);
    t.is(first.find(({ topic }) => topic === 'own:me')?.value, String(round));
    t.true(
      Number(first.find(({ topic }) => topic === 'entries')?.value) >= Number(rows[0]?.before ?? 0),
    );
    if (round % 10 === 0) {
      await recorder.sync(5);
      assertSound(recorder.frames, GROWING);
    }
    stream.close();
  }
  await moving.stop();
  t.pass();
});

test('a single read after a commit shows it, also while a stream of the same topic is open', async (t) => {
  const { server, database } = await boxesServer(t);
  const { recorder } = await open(t, server, { topics: ['entries'] });
  await recorder.sync(1);
  for (let round = 1; round <= 30; round += 1) {
    await database.sql('insert into public.entries default values');
    const response = await fetch(`${server.url}/v1/counters/entries`);
    const { value } = (await response.json()) as { value: number };
    t.is(value, round);
  }
});

test('two topics changed in one transaction are never seen apart, by readers of any speed', async (t) => {
  const { server, database } = await boxesServer(t);
  const moving = movers(t, database, { sessions: 4 });
  const streams = await Promise.all(
    Array.from({ length: 8 }, () => open(t, server, { topics: TOPICS })),
  );
  const [slow, slower] = streams;
  for (let round = 1; round <= 10; round += 1) {
    slow?.pause();
    if (round % 3 === 0) slower?.pause();
    const before = moving.moves();
    await until(() => moving.moves() > before + 60, { deadlineMs: 60_000 });
    slow?.resume();
    slower?.resume();
  }
  await moving.stop();
  await endsRight(
    database.sql,
    streams.map(({ recorder }) => recorder),
  );
  t.true((streams[3]?.recorder.count('sync') ?? 0) > 5);
});
