import test from 'ava';
import { ReadOnlyError } from '../../../src/live/fitness.js';
import { FitnessWatch } from '../../../src/live/fitness-watch.js';
import { until } from '../../helpers/wait.js';

function watched() {
  const said = { asked: 0, fit: 0 };
  let fault: Error | undefined;
  const watch = new FitnessWatch(
    async () => {
      said.asked += 1;
      if (fault !== undefined) throw fault;
    },
    () => {
      said.fit += 1;
    },
  );
  return {
    ...{ watch, said },
    set: (now: Error | undefined) => {
      fault = now;
    },
    looked: async (isSo: () => boolean) => {
      await until(async () => {
        await watch.look('a life');
        return isSo();
      });
    },
  };
}

test('a second read-only spell is found soon after the first, and each end is told once', async (t) => {
  const { watch, said, set, looked } = watched();
  await watch.look('a life');
  for (const spell of [1, 2]) {
    set(new ReadOnlyError('it is only read'));
    watch.suspect();
    await looked(() => watch.misfit === 'read-only');
    set(undefined);
    await looked(() => watch.misfit === undefined);
    t.is(said.fit, spell);
  }
});

test('where writes are refused and nothing is wrong, new sessions are opened once, and it is asked more and more seldom', async (t) => {
  const { watch, said } = watched();
  await watch.look('a life');
  const end = performance.now() + 9000;
  while (performance.now() < end) {
    watch.suspect();
    await watch.look('a life');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.is(said.fit, 1);
  // After two seconds, after four more, and then not for eight; as often as it may be, five times.
  t.true(said.asked >= 2 && said.asked <= 3, `asked ${said.asked} times`);
});
