import test from 'ava';
import { Bell } from '../../src/live/bell.js';
import { Rhythm } from '../../src/live/rhythm.js';

const options = { tickMs: 25, idleMs: 1000 };

function asleep(): Rhythm {
  const rhythm = new Rhythm(options);
  rhythm.changed(false);
  return rhythm;
}

function awake(): Rhythm {
  const rhythm = new Rhythm(options);
  rhythm.changed(true);
  return rhythm;
}

test('after falling asleep it looks again at 2, 10, 50 and 250 ms, then at the idle beat', (t) => {
  const rhythm = asleep();
  const waits: number[] = [];
  for (let beat = 0; beat < 6; beat += 1) {
    waits.push(rhythm.waitMs);
    rhythm.after({ folded: 0, ringsWaiting: 0 });
  }
  t.deepEqual(waits, [2, 8, 40, 200, 1000, 1000]);
});

test('one burst of rings does not wake it: rings must be waiting after four pulses in a row', (t) => {
  const rhythm = asleep();
  const busy = { folded: 1, ringsWaiting: 3 };
  t.deepEqual(
    [busy, busy, busy, { folded: 1, ringsWaiting: 0 }, busy, busy, busy].map((beat) =>
      rhythm.after(beat),
    ),
    ['stay', 'stay', 'stay', 'stay', 'stay', 'stay', 'stay'],
  );
  t.is(rhythm.after(busy), 'wake');
});

test('awake it beats by the tick, and sleeps after two beats below 600 deltas a second', (t) => {
  const rhythm = awake();
  t.is(rhythm.waitMs, 25);
  t.is(rhythm.after({ folded: 14, ringsWaiting: 0 }), 'stay');
  t.is(rhythm.after({ folded: 400, ringsWaiting: 0 }), 'stay');
  t.is(rhythm.after({ folded: 14, ringsWaiting: 0 }), 'stay');
  t.is(rhythm.after({ folded: 0, ringsWaiting: 0 }), 'sleep');
});

test('an idle beat shorter than the afterbeats is kept to', (t) => {
  const rhythm = new Rhythm({ tickMs: 5, idleMs: 20 });
  rhythm.changed(false);
  for (let beat = 0; beat < 5; beat += 1) {
    t.true(rhythm.waitMs <= 20);
    rhythm.after({ folded: 0, ringsWaiting: 0 });
  }
});

test('a bell that rang before the wait ends the wait at once, and is counted once', async (t) => {
  const bell = new Bell();
  bell.ring();
  bell.ring();
  await bell.wait(60_000);
  t.is(bell.take(), 2);
  t.is(bell.take(), 0);
  setImmediate(() => bell.ring());
  await bell.wait(60_000);
  t.is(bell.take(), 1);
});
