import { randomInt } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { withClient } from '../../../src/database.js';
import { serverUrl, testDatabase } from '../../helpers/database.js';
import { runConcurrently } from './oracle/concurrent.js';
import { describe } from './oracle/figures.js';
import { cloneDatabase, dropWriter, installFixture, writerOf } from './oracle/fixture.js';
import { runInterleaved } from './oracle/interleaved.js';
import { readable, type Step, script } from './oracle/steps.js';

/**
 * The oracle of every counter is the recount: whatever random statements, errors and rollbacks do in
 * many sessions, what is shown equals what the rows say, in every snapshot.
 */

const { TALLY_STATEMENTS, TALLY_SEED } = process.env;
const STATEMENTS = Number(TALLY_STATEMENTS ?? 15_000);
const SEED = Number(TALLY_SEED ?? randomInt(1_000_000));
const STEPS = 120;
const SHRINK_MS_MAX = 90_000;

const settingOf = (name: string) =>
  withClient(serverUrl(), 'oracle', async (client) => {
    const { rows } = await client.query<{ setting: string }>(
      'select current_setting($1) as setting',
      [name],
    );
    return rows[0]?.setting ?? '';
  });

const canPrepare = async () => (await settingOf('max_prepared_transactions')) !== '0';

for (const [title, offset, twoPhase] of [
  ['eight sessions write at once, and every snapshot agrees with the recount', 0, false],
  ['the same with prepared transactions, and no doorbell', 1, true],
] as const) {
  test.serial(title, async (t) => {
    const seed = SEED + offset;
    // Torn down last: the role goes when no database knows it any more.
    const writer = writerOf(`${process.pid}_${offset}`);
    t.teardown(() => dropWriter(serverUrl(), writer));
    const database = await testDatabase(t);
    await installFixture(database.url, writer);
    const figures = await runConcurrently({
      url: database.url,
      writer,
      seed,
      statements: Math.ceil((STATEMENTS * 4) / 10),
      twoPhase: twoPhase && (await canPrepare()),
    });
    t.log(`TALLY_SEED=${SEED}: ${describe(figures)}`);
    t.deepEqual(figures.faults, [], `repeat with TALLY_SEED=${SEED}`);
    t.true(figures.committed > 0 && figures.checkpoints > 0 && figures.announcements > 0);
  });
}

test.serial(
  'whatever the order of statements of many sessions, the counters are exact',
  async (t) => {
    const writer = writerOf(`${process.pid}_scripts`);
    t.teardown(() => dropWriter(serverUrl(), writer));
    const template = await testDatabase(t);
    await installFixture(template.url, writer);
    const twoPhase = await canPrepare();
    let runs = 0;
    let playing: Promise<unknown> = Promise.resolve();
    const play = async (steps: readonly Step[]) => {
      runs += 1;
      const clone = await cloneDatabase(serverUrl(), `${template.name}_${runs}`, template.name);
      try {
        return await runInterleaved(steps, { url: clone.url, writer, twoPhase });
      } finally {
        await clone.drop();
      }
    };

    const outcome = await fc.check(
      fc.asyncProperty(script(STEPS), async (steps) => {
        const played = play(steps);
        playing = played.catch(() => undefined);
        const { faults } = await played;
        if (faults.length > 0) throw new Error(faults.join('\n'));
      }),
      {
        seed: SEED,
        numRuns: Math.max(1, Math.ceil((STATEMENTS * 2) / 10 / STEPS)),
        interruptAfterTimeLimit: SHRINK_MS_MAX,
      },
    );
    // At the time limit fast-check leaves a run under way behind.
    await playing;
    t.log(`TALLY_SEED=${SEED}: ${outcome.numRuns} scripts of up to ${STEPS} steps`);
    if (outcome.counterexample !== null) {
      t.fail(
        `TALLY_SEED=${SEED}, shrunk ${outcome.numShrinks} times to\n` +
          `${readable(outcome.counterexample[0])}\n${String(outcome.errorInstance)}`,
      );
    }
    t.true(outcome.numRuns > 0);
  },
);
