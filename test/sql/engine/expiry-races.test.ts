import test from 'ava';
import type pg from 'pg';
import { runPulse } from '../../../src/live/pulse.js';
import { testDatabase } from '../../helpers/database.js';
import { isExact, numbers, sqlOf } from '../../helpers/engine.js';
import { createInvitations, expireDue, invite, states } from '../../helpers/invitations.js';
import { until } from '../../helpers/wait.js';

const SESSIONS = 50;
const INVITATIONS = 400;

/** As an application does it: one UPDATE that sees for itself whether it is still time. */
const ACCEPT = `update calls.invitations set status = 'accepted', closed_at = now()
  where id = $1 and status = 'pending' and expires_at > clock_timestamp()`;

test('raced by 50 sessions that accept, each invitation ends in exactly one state', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`create table calls.history (invitation bigint, was text, became text);
    create function calls.note() returns trigger language plpgsql as $$
      begin
        insert into calls.history values (new.id, old.status, new.status);
        return null;
      end $$;
    create trigger note after update on calls.invitations for each row execute function calls.note()`);
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => client()));
  const expirers = await Promise.all([client(), client()]);
  // All of them fall due while they are being accepted.
  const ids = await invite(
    sql,
    Array.from({ length: INVITATIONS }, (_, i) => (i / INVITATIONS) * 3),
  );
  let accepting = true;
  const accepted = Promise.all(clients.map((session, i) => acceptAll(session, ids, i))).finally(
    () => {
      accepting = false;
    },
  );
  const expired = Promise.all(
    expirers.map(async (session) => {
      let count = 0;
      while (accepting) count += await expireDue(sqlOf(session), 7);
      return count;
    }),
  );
  const [accepts, expiries] = await Promise.all([accepted, expired]);
  await until(
    async () => {
      await expireDue(sql);
      return (await states(sql)).pending === undefined;
    },
    { what: 'the last to expire' },
  );
  const total = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const ended = await states(sql);
  t.is((ended.accepted ?? 0) + (ended.expired ?? 0), INVITATIONS);
  t.is(ended.accepted ?? 0, total(accepts), 'as many as were told that they had accepted');
  t.true(total(expiries) <= (ended.expired ?? 0));
  t.true((ended.accepted ?? 0) > 0 && (ended.expired ?? 0) > 0, JSON.stringify(ended));
  t.deepEqual(
    await sql(`select invitation from calls.history group by invitation having count(*) <> 1
      union all select invitation from calls.history where was <> 'pending'`),
    [],
  );
  await isExact(t, sql);
  t.is((await numbers(sql, 'pending'))['pending:1'], 0);
});

async function acceptAll(session: pg.Client, ids: readonly number[], seed: number) {
  let accepts = 0;
  for (let i = 0; i < ids.length; i += 10) {
    const id = ids[(i * 7 + seed * 13) % ids.length];
    const { rowCount } = await session.query(ACCEPT, [id]);
    accepts += rowCount ?? 0;
  }
  return accepts;
}

test('sessions that expire at once share the rows and change each once', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  await sql(`insert into calls.invitations (expires_at)
    select now() - n * interval '1 ms' from generate_series(1, 4000) n`);
  const sessions = await Promise.all(Array.from({ length: 6 }, () => client()));
  const counts = await Promise.all(
    sessions.map(async (session) => {
      let count = 0;
      for (;;) {
        const changed = await expireDue(sqlOf(session), 50);
        count += changed;
        if (changed === 0) return count;
      }
    }),
  );
  let changed = counts.reduce((a, b) => a + b);
  // What a session waited for too long, where the machine stood still, is tried again in a second.
  await until(
    async () => {
      changed += await expireDue(sql, 4000);
      return (await states(sql)).pending === undefined;
    },
    { what: 'the last to expire' },
  );
  t.is(changed, 4000);
  await isExact(t, sql);
});

const DUES = 60;

test('while a server works, rows change at their time, and not when it would look by itself', async (t) => {
  const { sql, url } = await testDatabase(t);
  await createInvitations(sql);
  await sql('alter table calls.invitations add column expired_at timestamptz');
  await sql(`create function calls.stamp() returns trigger language plpgsql as $$
      begin new.expired_at := clock_timestamp(); return new; end $$;
    create trigger stamp before update on calls.invitations for each row execute function calls.stamp()`);
  const running = runPulse({ url, tickMs: 25, idleMs: 1000, log: (line) => t.log(line) });
  t.teardown(() => running.stop());
  await until(async () => (await sql('select attended from tally.status'))[0]?.attended === true);
  // Some are due before the work would look again by itself: their writers wake it.
  await invite(
    sql,
    Array.from({ length: DUES }, (_, i) => 0.3 + i * 0.05),
  );
  await until(async () => (await states(sql)).expired === DUES, { what: 'all to expire' });
  const late = await sql<{ ms: string }>(
    `select extract(epoch from expired_at - expires_at) * 1000 as ms from calls.invitations order by 1`,
  );
  const ms = late.map((row) => Number(row.ms));
  t.log(`p50 ${ms[DUES / 2]?.toFixed(1)} ms, worst ${ms.at(-1)?.toFixed(1)} ms`);
  t.true((ms[0] ?? -1) >= 0, 'none before its time');
  // How late on a quiet machine is the bench's question; one that runs all tests may take its time for
  // some. Found when work looks by itself, three in four would be a quarter of a second late.
  t.true((ms[DUES / 4] ?? 1e9) < 180, ms.join(' '));
});

test('a row that is due before the next look wakes whoever waits, one that is due later does not', async (t) => {
  const { sql, client } = await testDatabase(t);
  await createInvitations(sql);
  const listener = await client();
  const rings: string[] = [];
  listener.on('notification', ({ channel }) => rings.push(channel));
  await listener.query('listen tally_work');
  await invite(sql, [1]);
  await listener.query('select 1');
  t.deepEqual(rings, [], 'nobody attends');
  const attending = await client();
  await attending.query('select tally.attend()');
  await invite(sql, [3600, 5]);
  await listener.query('select 1');
  t.deepEqual(rings, []);
  const [id] = await invite(sql, [3600, 1]);
  await until(() => rings.length === 1);
  await sql(`update calls.invitations set expires_at = now() + interval '1 s' where id = $1`, [id]);
  await until(() => rings.length === 2);
  await sql(`update calls.invitations set status = 'accepted' where id = $1`, [id]);
  await sql(`insert into calls.invitations (expires_at, status) values (now(), 'expired')`);
  await sql(`update tally.settings set doorbell = false`);
  await invite(sql, [1]);
  await listener.query('select 1');
  t.is(rings.length, 2);
});
