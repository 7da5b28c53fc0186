import test from 'ava';
import { TOPICS } from '../helpers/boxes.js';
import { boxesServer, open } from '../helpers/boxes-server.js';
import type { Sql } from '../helpers/engine.js';
import { SINKS } from '../helpers/live-server.js';
import { until } from '../helpers/wait.js';

/** What a client is promised, through either sink. */

/** A pulse that is under way may have begun before the last write. */
async function folded({ sql }: { readonly sql: Sql }): Promise<void> {
  await until(async () => {
    await sql('call tally.tick()');
    return (await sql('select from tally.pending')).length === 0;
  });
}

for (const sink of SINKS) {
  const told = (text: string) => `${text} (${sink})`;

  test(told('connecting shows each present value once, in one piece, then sync'), async (t) => {
    const { server, write } = await boxesServer(t, { sink });
    await write(3);
    const { recorder, headers, status } = await open(t, server, { topics: TOPICS });
    await recorder.sync(1);
    t.is(status, 200);
    t.is(headers.get('content-type'), 'text/event-stream; charset=utf-8');
    t.deepEqual(
      recorder.frames.map(({ event }) => event),
      [...TOPICS.map(() => 'update'), 'sync'],
    );
    t.is(recorder.last('entries'), '3');
    t.is(recorder.retries.length, 1);
    t.deepEqual(recorder.faults, []);
  });

  test(told('no proxy may keep or change a stream: its headers say so'), async (t) => {
    const { server } = await boxesServer(t, { sink });
    const { headers } = await open(t, server, {
      topics: ['entries'],
      headers: { 'accept-encoding': 'gzip, br' },
    });
    t.deepEqual(
      new Set(headers.get('cache-control')?.split(/, */)),
      new Set(['no-store', 'no-transform']),
    );
    t.is(headers.get('x-accel-buffering'), 'no');
    t.is(headers.get('content-encoding'), undefined);
    t.is(headers.get('content-length'), undefined);
  });

  test(told('a change arrives with its sync; who does not watch it hears nothing'), async (t) => {
    const { server, write, database } = await boxesServer(t, { sink });
    const watching = await open(t, server, { topics: ['entries', 'twins'] });
    const other = await open(t, server, { topics: ['units:nobody'] });
    await Promise.all([watching.recorder.sync(1), other.recorder.sync(1)]);
    await write(1);
    await watching.recorder.value('entries', 1);
    await watching.recorder.sync(2);
    t.deepEqual(
      watching.recorder.frames.slice(3).map(({ event }) => event),
      ['update', 'update', 'sync'],
    );
    // Now a change of its own: what came before it would have come before it.
    await database.sql(`insert into public.units values (0, 'nobody')`);
    await other.recorder.value('units:nobody', 1);
    await other.recorder.sync(2);
    t.is(other.recorder.count('update'), 2);
    t.is(other.recorder.count('sync'), 2);
  });

  for (const how of ['header', 'query'] as const) {
    test(told(`coming back with the last id, by ${how}, shows only what changed`), async (t) => {
      const { server, write, database } = await boxesServer(t, { sink });
      await write(1);
      // All that was pending is folded before the id is taken.
      await folded(database);
      const first = await open(t, server, { topics: TOPICS });
      await first.recorder.sync(1);
      const id = first.recorder.lastId ?? '';
      first.close();
      await database.sql(`insert into public.units values (0, 'd')`);
      await folded(database);
      const again = await open(t, server, {
        topics: TOPICS,
        ...(how === 'header' ? { lastEventId: id } : { query: { last_event_id: id } }),
      });
      await again.recorder.sync(1);
      const updates = again.recorder.frames.filter(({ event }) => event === 'update');
      t.true(updates.some(({ data }) => data.includes('"units:d","value":16')));
      t.true(updates.length < TOPICS.length, updates.map(({ data }) => data).join('\n'));
      t.is(again.recorder.last('units:b'), undefined);
    });
  }

  test(
    told('an id of the future, of another history or unreadable shows everything'),
    async (t) => {
      const { server, write } = await boxesServer(t, { sink });
      await write(1);
      const first = await open(t, server, { topics: TOPICS });
      await first.recorder.sync(1);
      const [history = ''] = (first.recorder.lastId ?? '').split('.');
      for (const id of [
        `${history}.999999`,
        `${history}.99999999999999999999999`,
        `${history}.-1`,
        `${history}.1e3`,
        `${history}.`,
        history,
        '00000000.1',
        `${history.toUpperCase()}x.1`,
        'garbage',
        '1',
        ' ',
        '%00',
        'x'.repeat(4000),
      ]) {
        for (const by of [{ lastEventId: id }, { query: { last_event_id: id } }]) {
          const again = await open(t, server, { topics: TOPICS, ...by });
          t.is(again.status, 200, JSON.stringify(by));
          await again.recorder.sync(1);
          t.is(again.recorder.count('update'), TOPICS.length, id);
          again.close();
        }
      }
    },
  );

  test(told('cut between two frames, a client that comes back has missed nothing'), async (t) => {
    const { server, write } = await boxesServer(t, { sink });
    await write(2);
    const whole = await open(t, server, { topics: TOPICS });
    await whole.recorder.sync(1);
    // As if the network had broken after the first, the second, … frame.
    for (let cut = 1; cut <= TOPICS.length; cut += 1) {
      const seen = whole.recorder.frames.slice(0, cut);
      const lastEventId = seen.findLast(({ id }) => id !== undefined)?.id;
      const again = await open(t, server, { topics: TOPICS, lastEventId });
      await again.recorder.sync(1);
      const shown = [...seen, ...again.recorder.frames].filter(({ event }) => event === 'update');
      const topics = new Set(shown.map(({ data }) => JSON.parse(data).topic));
      t.deepEqual([...topics].sort(), [...TOPICS].sort(), `cut after ${cut}, id ${lastEventId}`);
      again.close();
    }
  });

  test(told('an idle stream is kept alive by comments'), async (t) => {
    const { server } = await boxesServer(t, { sink, heartbeatMs: 100 });
    const { recorder } = await open(t, server, { topics: ['entries'] });
    await recorder.when(() => recorder.comments.length >= 3);
    t.is(recorder.count('sync'), 1);
  });

  test(told('any scope comes back as it was asked for, and a number of any size'), async (t) => {
    const { server, database } = await boxesServer(t, { sink });
    await database.sql(`create table public.sums (name text, n bigint)`);
    await database.sql(
      `select tally.create_counter('sums', 'public.sums', scope => 'name', amount => 'n',
        audience => 'public')`,
    );
    const scopes = ['a b', 'ä/ö', 'x:y', '100%', '"', '\\', '\n', '😀', '+', '&', '#', '\u2028'];
    const topics = scopes.map((scope) => `sums:${scope}`);
    const { recorder } = await open(t, server, { topics });
    await recorder.sync(1);
    await database.sql(
      'insert into public.sums select s, 9007199254740993 from unnest($1::text[]) s',
      [scopes],
    );
    for (const topic of topics) await recorder.value(topic, '9007199254740993');
    t.deepEqual(recorder.faults, []);
  });
}
