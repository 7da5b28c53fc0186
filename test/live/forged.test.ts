import test, { type ExecutionContext } from 'ava';
import { TOPICS } from '../helpers/boxes.js';
import { type BoxesServer, boxesServer, movers, open } from '../helpers/boxes-server.js';
import { get } from '../helpers/http.js';
import { until } from '../helpers/wait.js';

/** Whoever may connect may notify, and PostgreSQL does not say who it was. */

const TWO = ['entries', 'twins'];

type Change = readonly [name: string, scope: string, value: number];
type Form = { readonly part?: number; readonly parts?: number };

function forger({ database }: Pick<BoxesServer, 'database'>) {
  return {
    last: async () => {
      const [row] = await database.sql<{ pulse: string }>('select pulse from tally.trail()');
      return Number(row?.pulse);
    },
    forge: async (
      pulse: number,
      changes: readonly Change[],
      { part = 1, parts = 1 }: Form = {},
    ) => {
      const payload = JSON.stringify({ pulse, part, parts, changes });
      await database.sql('select pg_notify($1, $2)', ['tally', payload]);
    },
  };
}

/** Without a pulse of its own, so that the test says when there is one. */
async function started(t: ExecutionContext) {
  const serving = await boxesServer(t, { pulses: false });
  await serving.database.sql('select tally.pulse()');
  const stream = await open(t, serving.server, { topics: TWO });
  await stream.recorder.sync(1);
  // What is heard before the table was read for the first time is read, and not believed.
  const isReady = async () => {
    const { json } = await get(`${serving.server.url}/ready`);
    const { listener, pulse } = json.checks as Record<string, { state: string; last: number }>;
    return listener?.state === 'listening' && (pulse?.last ?? 0) > 0;
  };
  await until(isReady);
  return { ...serving, ...forger(serving), recorder: stream.recorder };
}

test.serial('a forged announcement is put right from the table, and said', async (t) => {
  const { server, recorder, last, forge } = await started(t);
  await forge((await last()) + 1, [['entries', '', -999]]);
  // It may be found out before anybody has been shown it.
  await until(() => server.observed.some(({ kind }) => kind === 'forged'));
  await recorder.value('entries', 0);
  t.regex(await server.metrics(), /^pgtally_announcements_forged_total [1-9]/m);
});

test.serial('what the true pulse of a forged number changed is shown all the same', async (t) => {
  const { database, recorder, last, forge, write } = await started(t);
  await forge((await last()) + 1, [['entries', '', -999]]);
  await recorder.value('entries', -999);
  await write(1);
  await database.sql('select tally.pulse()');
  await recorder.value('twins', 1);
  await recorder.value('entries', 1);
  t.deepEqual(recorder.faults, []);
});

test.serial(
  'a client that left with a forged value and its id is told the truth when it comes back',
  async (t) => {
    const { server, database, last, forge } = await started(t);
    const leaver = await open(t, server, { topics: TWO });
    await leaver.recorder.sync(1);
    await forge((await last()) + 1, [['entries', '', -999]]);
    await leaver.recorder.value('entries', -999);
    const { lastId } = leaver.recorder;
    leaver.close();
    await until(() => server.observed.some(({ kind }) => kind === 'forged'));
    // The true pulse of that number says nothing of the topic.
    await database.sql('insert into public.twins default values');
    await database.sql('select tally.pulse()');
    await until(async () => (await get(`${server.url}/v1/counters/twins`)).json.version !== 0);
    const back = await open(t, server, { topics: TWO, lastEventId: lastId });
    await back.recorder.sync(1);
    t.is(back.recorder.last('entries'), '0');
  },
);

for (const [what, forms] of [
  ['is spliced into the parts of a true one', [{ part: 2, parts: 2 }]],
  ['hides the true one behind half of another', [{}, { part: 1, parts: 2 }]],
  ['is far above all pulses', [{}, { part: 1, parts: 9 }]],
] as const) {
  test.serial(`a forged announcement that ${what} is found out`, async (t) => {
    const { database, recorder, last, forge, write } = await started(t);
    const far = what.startsWith('is far') ? 1_000_000_000 : 1;
    const pulse = (await last()) + far;
    for (const form of forms) await forge(pulse, [['entries', '', -999]], form);
    // So many scopes that it takes two parts.
    await database.sql(`select tally.create_counter('many', 'public.entries', scope => 'writer')`);
    await database.sql(
      `insert into public.entries (writer) select 100000 + generate_series(1, 400)`,
    );
    await write(1);
    await database.sql('select tally.pulse()');
    await recorder.value('twins', 1);
    await recorder.value('entries', 401);
    await write(1);
    await database.sql('select tally.pulse()');
    await recorder.value('twins', 2);
    await recorder.value('entries', 402);
    t.deepEqual(recorder.faults, []);
  });
}

test.serial(
  'while somebody forges all the time streams end right, and true pulses are no forgeries',
  async (t) => {
    const serving = await boxesServer(t);
    const { server, database } = serving;
    const { last, forge } = forger(serving);
    const streams = await Promise.all([1, 2, 3].map(() => open(t, server, { topics: TOPICS })));
    const moving = movers(t, database, { sessions: 2 });
    await until(() => moving.moves() > 50);
    t.false(server.observed.some(({ kind }) => kind === 'forged'));
    for (let n = 0; n < 40; n += 1) {
      await forge((await last()) + 1 + (n % 3), [['entries', '', -n]], { parts: 1 + (n % 2) });
    }
    await moving.stop();
    await until(() => server.observed.some(({ kind }) => kind === 'forged'));
    await until(() =>
      streams.every(({ recorder }) => recorder.last('entries') === String(moving.moves())),
    );
    await database.sql(`update public.units set box = 'a'`);
    await until(() => streams.every(({ recorder }) => recorder.last('units:a') === '60'));
  },
);
