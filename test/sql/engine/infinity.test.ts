import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import type { Sql } from '../../helpers/engine.js';
import { createInvitations, expireDue, states } from '../../helpers/invitations.js';

const inviteAt = (sql: Sql, at: string) =>
  sql('insert into calls.invitations (expires_at) values ($1)', [at]);

async function next(sql: Sql): Promise<unknown> {
  const [row] = await sql(`select tally.next_due() <= clock_timestamp() as due,
    tally.next_work() <= clock_timestamp() as work, isfinite(tally.next_due()) as finite,
    isfinite(tally.next_work()) as finite_work`);
  return row;
}

const NEVER = { due: null, work: null, finite: null, finite_work: null };
const NOW = { due: true, work: true, finite: true, finite_work: true };

test('a row that falls due at infinity never does, and one at -infinity is due now', async (t) => {
  const { sql } = await testDatabase(t);
  await createInvitations(sql);
  await sql('select tally.fill()');
  await sql('update tally.jobs set enabled = false');
  await inviteAt(sql, 'infinity');
  t.is(await expireDue(sql), 0);
  t.deepEqual(await next(sql), NEVER);
  t.deepEqual(await sql('select next_due from tally.work()'), [{ next_due: null }]);
  await inviteAt(sql, '-infinity');
  t.deepEqual(await next(sql), NOW);
  t.is(await expireDue(sql), 1);
  t.deepEqual(await states(sql), { expired: 1, pending: 1 });
  t.deepEqual(await next(sql), NEVER);
});

test('a job at infinity never runs, and one at -infinity runs now and in its time', async (t) => {
  const { sql } = await testDatabase(t);
  await sql('update tally.jobs set enabled = false');
  await sql(`insert into tally.jobs (name, command, every, next_at)
    values ('never', 'select 1', '1 hour', 'infinity')`);
  t.deepEqual(await sql('select jobs, next_due from tally.work()'), [{ jobs: 0, next_due: null }]);
  await sql(`insert into tally.jobs (name, command, every, next_at)
    values ('now', 'select 1', '1 hour', '-infinity')`);
  t.deepEqual(await sql('select tally.next_work() <= clock_timestamp() as now'), [{ now: true }]);
  t.deepEqual(await sql('select jobs from tally.work()'), [{ jobs: 1 }]);
  t.deepEqual(
    await sql(`select last_error, last_result, next_at - last_at <= interval '1 hour'
      and next_at > clock_timestamp() + interval '50 minutes' as in_time
      from tally.jobs where name = 'now'`),
    [{ last_error: null, last_result: '1', in_time: true }],
  );
});
