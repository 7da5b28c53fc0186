import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Batch, gatherer } from '../../../src/live/batch.js';

const A = { name: 'a', scope: '' };
const B = { name: 'b', scope: '' };

/** A pool hands over a session through some promises before anything is sent on it. */
async function throughPromises(): Promise<void> {
  for (let hops = 0; hops < 20; hops += 1) await undefined;
}

test('the next query is on its way before the answers to the last one are handed out', async (t) => {
  const events: string[] = [];
  const { one } = gatherer(async ({ names }: Batch<string>) => {
    await throughPromises();
    events.push(`asked for ${names}`);
    await pause(5);
    return `${names}`;
  });
  const first = one(A).answer.then((names) => events.push(`answered ${names}`));
  await pause(2);
  const second = one(B).answer.then((names) => events.push(`answered ${names}`));
  await Promise.all([first, second]);
  t.deepEqual(events, ['asked for a', 'asked for b', 'answered a', 'answered b']);
});

test('where nobody has asked anew, half of the answers go out a turn of the loop before the rest', async (t) => {
  const { one } = gatherer(async ({ names }: Batch<string>) => `${names}`);
  let turn = 0;
  let isDone = false;
  const count = () => {
    turn += 1;
    if (!isDone) setImmediate(count);
  };
  count();
  const turns = await Promise.all(
    Array.from({ length: 100 }, async () => {
      await one(A).answer;
      return turn;
    }),
  );
  isDone = true;
  const [first = 0] = turns;
  t.deepEqual([...new Set(turns)], [first, first + 1]);
  const early = turns.filter((one) => one === first).length;
  t.true(early > 40 && early < 60, `${early} early`);
});
