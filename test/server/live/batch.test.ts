import { EventEmitter, once } from 'node:events';
import test from 'ava';
import { type Batch, gatherer } from '../../../src/live/batch.js';
import type { Topic } from '../../../src/live/topic.js';

const A = { name: 'a', scope: '' };
const B = { name: 'b', scope: '' };

/** A pool hands over a session through some promises before anything is sent on it. */
async function throughPromises(): Promise<void> {
  for (let hops = 0; hops < 20; hops += 1) await undefined;
}

test('the next query is on its way before the last one’s answers are handed out', async (t) => {
  const events: string[] = [];
  const database = new EventEmitter();
  const { one } = gatherer(async ({ names }: Batch<string>) => {
    await throughPromises();
    events.push(`asked for ${names}`);
    const isAnswered = once(database, `${names}`);
    database.emit('asked');
    await isAnswered;
    return `${names}`;
  });
  const read = async (topic: Topic) => {
    const names = await one(topic).answer;
    events.push(`answered ${names}`);
  };
  const isAsked = once(database, 'asked');
  const first = read(A);
  await isAsked;
  // While the first query runs: so it is in the second.
  const second = read(B);
  database.once('asked', () => database.emit('b'));
  database.emit('a');
  await Promise.all([first, second]);
  t.deepEqual(events, ['asked for a', 'asked for b', 'answered a', 'answered b']);
});

test('where nobody has asked anew, half of the answers go out a turn before the rest', async (t) => {
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
  const early = turns.filter((answered) => answered === first).length;
  t.true(early > 40 && early < 60, `${early} early`);
});
