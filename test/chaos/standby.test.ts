import test from 'ava';
import { clusterDatabase, engineDatabase } from '../helpers/cluster.js';
import { onDatabase } from '../helpers/database.js';
import { debian15 } from '../helpers/debian.js';
import { failure, finding, isExact, numberOf, pulse } from '../helpers/engine.js';
import { standbyOf } from '../helpers/postgres-tools.js';
import { until } from '../helpers/wait.js';

test('a standby reads exactly, and promoted it counts on with pulse numbers that nobody has seen', async (t) => {
  const primary = await debian15(t, { settings: { synchronous_commit: 'on' } });
  if (primary === undefined) return;
  const db = await engineDatabase(t, primary.url);
  await db.sql(`update tally.settings set fold_at = 0, doorbell = false;
    create table public.t (id int, k int);
    select tally.create_counter('rows', 'public.t');
    select tally.create_counter('kinds', 'public.t', scope => 'k');
    insert into public.t select i, i % 3 from generate_series(1, 300) i; select tally.pulse()`);
  const standby = await standbyOf(t, primary);
  const there = clusterDatabase(t, onDatabase(standby.url, 'counted'));
  await db.sql('insert into public.t values (301, 1)');
  const last = await pulse(db.sql);
  await db.sql('insert into public.t values (302, 1)');
  const prepared = await db.client();
  await prepared.query(
    `begin; insert into public.t values (303, 1), (304, 1); prepare transaction 'x'`,
  );
  const half = await db.client();
  await half.query('begin; insert into public.t values (305, 1)');
  await db.sql('insert into public.t values (306, 2)');
  await until(async () => (await numberOf(there.sql, 'rows')) === 303, {
    what: 'the standby’s replay',
  });
  t.is(await numberOf(there.sql, 'kinds', '1'), 102);
  t.deepEqual(await there.sql('select * from tally.verify()'), []);
  t.is((await finding(there.sql, 'standby')).status, 'warn');
  for (const call of ['tally.pulse()', 'tally.work()', 'tally.fill()', 'tally.repair()']) {
    const error = await failure(there.sql(`select * from ${call}`), call);
    t.is(error.code, 'TL017', call);
    t.regex(error.hint ?? '', /on the primary/);
  }

  await primary.kill();
  await standby.promote();
  t.is((await finding(there.sql, 'standby')).status, 'ok');
  await there.sql('insert into public.t values (307, 1)');
  t.is(await numberOf(there.sql, 'rows'), 304);
  const next = await pulse(there.sql);
  // Pulses that the standby never got may have been announced.
  t.is(next.pulse, last.pulse + 10_000);
  t.is(next.folded, 6);
  await there.sql(`commit prepared 'x'`);
  t.is(await numberOf(there.sql, 'rows'), 306);
  await pulse(there.sql);
  t.deepEqual(await there.sql('select * from tally.deltas'), []);
  t.is(await numberOf(there.sql, 'kinds', '1'), 105);
  await isExact(t, there.sql);
});
