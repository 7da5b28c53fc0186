import test from 'ava';
import pg from 'pg';
import { appServer, type Somebody } from '../helpers/app-server.js';
import { misplaced, people, ring, room, statuses } from '../helpers/calls.js';
import { testDatabase } from '../helpers/database.js';
import { isExact, numberOf, type Sql } from '../helpers/engine.js';
import { until } from '../helpers/wait.js';

const SESSIONS = 50;
const INVITATIONS = 60;

type Listed = { invitations: { id: number; expiresAt: string }[] };

/** After two seconds they fall due one by one, for three more. */
const dueIn = (n: number, count = INVITATIONS) => 2 + (3 * n) / count;

/** Each by a caller of its own. */
async function ringMany(sql: Sql, receiver: string, count: number): Promise<number[]> {
  const callers = await people(sql, count);
  const rows = await sql<{ id: string }>(
    `insert into calls.invitations (caller_id, receiver_id, room_id, expires_at)
     select c.id, $1, $2, clock_timestamp() + c.s * interval '1 second'
     from unnest($3::uuid[], $4::float8[]) as c (id, s) returning id`,
    [
      receiver,
      await room(sql),
      callers.map(({ id }) => id),
      callers.map((_, n) => dueIn(n, count)),
    ],
  );
  return rows.map(({ id }) => Number(id));
}

test('raced by 50 sessions that answer, each invitation ends in exactly one state, and in time', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  await sql(`create table public.history (invitation bigint, was text, became text);
    create function public.note() returns trigger language plpgsql as $$
      begin
        insert into public.history values (new.id, old.status, new.status);
        return null;
      end $$;
    create trigger note after update on calls.invitations
      for each row execute function public.note()`);
  const [bob = { id: '' }] = await people(sql, 1);
  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => client()));
  const expirers = await Promise.all([client(), client()]);
  const ids = await ringMany(sql, bob.id, INVITATIONS);
  let answering = true;
  const expired = Promise.all(
    expirers.map(async (session) => {
      while (answering) await session.query('select tally.expire_due(7), pg_sleep(0.01)');
    }),
  );
  const told = await Promise.all(
    clients.map((session, at) => answerAll(session, { bob, ids, at })),
  ).finally(() => {
    answering = false;
  });
  await expired;
  await until(
    async () => {
      await sql('select tally.expire_due()');
      return (await statuses(sql)).pending === undefined;
    },
    { what: 'the last to expire' },
  );
  const { accepted = 0, declined = 0, expired: late = 0 } = await statuses(sql);
  t.is(accepted + declined + late, INVITATIONS);
  t.true(accepted + declined > 0 && late > 0, JSON.stringify(await statuses(sql)));
  const heard = told.flat();
  t.is(heard.filter((status) => status === 'accepted').length, accepted, 'each said so once');
  t.is(heard.filter((status) => status === 'declined').length, declined);
  t.deepEqual(
    await sql(`select invitation from public.history where was <> 'pending' or became = 'pending'
      union all select invitation from public.history group by invitation having count(*) > 1`),
    [],
  );
  t.deepEqual(
    await sql(`select from calls.invitations where status <> 'expired' and ended_at >= expires_at`),
    [],
  );
  t.is(await numberOf(sql, 'pending_calls', bob.id), 0);
  t.deepEqual(await misplaced(sql), []);
  await isExact(t, sql);
});

/** A third of them well before they expire, a third just then, a third just after. */
const SECONDS_LATE = [-0.4, 0, 0.02] as const;
const ANSWER = `
  select calls.end_invitation($1, i.id, $3) ->> 'status' as status
  from calls.invitations as i,
    pg_sleep(greatest(0, $4::float8 + 0.02 * (random() - 0.5)
      + extract(epoch from i.expires_at - clock_timestamp()))) as s
  where i.id = $2`;

/** What one session was told of each. */
async function answerAll(
  session: pg.Client,
  { bob, ids, at }: { bob: { id: string }; ids: readonly number[]; at: number },
): Promise<string[]> {
  const heard: string[] = [];
  const turns = ids
    .map((id, n) => ({ id, late: SECONDS_LATE[n % 3] ?? 0, n }))
    .toSorted((a, b) => dueIn(a.n) + a.late - dueIn(b.n) - b.late);
  for (const { id, late } of turns) {
    try {
      const status = at % 2 === 0 ? 'accepted' : 'declined';
      const { rows } = await session.query<{ status: string }>(ANSWER, [
        ...[bob.id, id, status, late],
      ]);
      heard.push(rows[0]?.status ?? '');
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== 'TA409') throw error;
      heard.push(error.message);
    }
  }
  return heard;
}

test('what is answered after the lock was waited for is judged by the time that it is then', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  const id = await ring(sql, { from: ann, to: bob, room: await room(sql), seconds: 5 });
  const [holder, late] = [await client(), await client()];
  await holder.query('begin');
  await holder.query('select from calls.invitations where id = $1 for update', [id]);
  const answer = late
    .query(`select calls.end_invitation($1, $2, 'accepted')`, [bob.id, id])
    .then(() => 'accepted')
    .catch((error: Error) => error.message);
  await until(
    async () =>
      (await sql('select from calls.invitations where expires_at < clock_timestamp()'))[0],
  );
  await holder.query('rollback');
  t.is(await answer, 'This invitation has expired.');
  t.deepEqual(await statuses(sql), { pending: 1 });
});

test('the pending list never holds an expired one while hundreds come and expire', async (t) => {
  const { database, person } = await appServer(t);
  const users = await Promise.all(Array.from({ length: 6 }, (_, at) => person(`U${at}`)));
  const streams = await Promise.all(
    users.map((user) => user.stream('/calls/invitations/pending/stream')),
  );
  let listed = 0;
  const look = async (user: Somebody) => {
    // Its own clock is the server's: both run on this machine.
    const sentAt = Date.now();
    const { invitations } = (await user.get('/calls/invitations/pending')).json as Listed;
    for (const { expiresAt } of invitations) t.true(Date.parse(expiresAt) >= sentAt, expiresAt);
    listed += invitations.length;
  };
  await Promise.all(users.map(({ id }) => ringMany(database.sql, id, 60)));
  const isOver = async () => (await statuses(database.sql)).pending === undefined;
  await Promise.all(
    users.map((user) =>
      until(async () => {
        await look(user);
        return await isOver();
      }),
    ),
  );
  t.true(listed > 0);
  t.deepEqual(await statuses(database.sql), { expired: 360 });
  for (const stream of streams) {
    await stream.whole(({ invitations }: Listed) => invitations.length === 0);
    stream.close();
  }
  t.deepEqual(await misplaced(database.sql), []);
  await isExact(t, database.sql);
});
