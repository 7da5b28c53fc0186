import test from 'ava';
import { installBoxes } from '../helpers/boxes.js';
import { testDatabase } from '../helpers/database.js';
import { runFaults } from '../soak/run.js';

/** A few of what `make soak` runs a thousand of; PostgreSQL itself is stopped only there. */

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test.serial(`after random faults every stream is right, seed ${seed}`, async (t) => {
    const database = await testDatabase(t);
    await installBoxes(database.url);
    const { misfortunes, stale, backwards, halves, other } = await runFaults({
      url: database.url,
      seed,
    });
    t.log(misfortunes.join(', '));
    t.deepEqual(
      { stale, backwards, halves, other },
      { stale: [], backwards: [], halves: [], other: [] },
    );
  });
}
