import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { misplaced, people, ring, room, statuses } from '../helpers/calls.js';
import { testDatabase } from '../helpers/database.js';
import { failure, isExact, numberOf, type Sql } from '../helpers/engine.js';
import { until } from '../helpers/wait.js';

const INVITE = 'select calls.invite($1, $2, $3, 600) as made';

type Listed = { invitations: { id: number }[] };

/** A session of this database, where one waits for another. */
async function waiting(sql: Sql): Promise<unknown> {
  const sessions = await sql(`select from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`);
  return sessions[0];
}

test('of 20 who call for the same pair at once one gets through, again and again', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  const [ann, bob] = await people(sql, 2);
  const roomId = await room(sql);
  const sessions = await Promise.all(Array.from({ length: 20 }, () => client()));
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.allSettled(
      sessions.map((session) => session.query(INVITE, [ann?.id, bob?.id, roomId])),
    );
    const errors = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    t.deepEqual(
      errors.map(({ code }) => code),
      Array(19).fill('TA409'),
    );
    const [pending] = await sql<{ id: string }>(
      `select id from calls.invitations where status = 'pending'`,
    );
    await sql(`select calls.end_invitation($1, $2, 'cancelled')`, [ann?.id, pending?.id]);
  }
  t.deepEqual(await statuses(sql), { cancelled: 10 });
  t.deepEqual(await misplaced(sql), []);
  await isExact(t, sql);
});

test('who calls while an earlier invitation is being marked expired waits, and gets through', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  const [one, two] = [await client(), await client()];
  const roomId = await room(sql);
  for (const end of ['commit', 'rollback']) {
    const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
    const id = await ring(sql, { from: ann, to: bob, room: roomId, seconds: -1 });
    await one.query('begin');
    await one.query(
      `update calls.invitations set status = 'expired', ended_at = expires_at where id = $1`,
      [id],
    );
    const invited = two.query(INVITE, [ann.id, bob.id, roomId]);
    await until(() => waiting(sql), { what: 'the second session waits' });
    await one.query(end);
    await t.notThrowsAsync(invited, end);
    t.deepEqual(await misplaced(sql), []);
  }
  t.deepEqual(await statuses(sql), { expired: 2, pending: 2 });
});

test('an invitation that meets a rename half done shows the new name', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  const [renaming, calling] = [await client(), await client()];
  const roomId = await room(sql);
  const renames: [table: string, column: string, field: string][] = [
    ['accounts.users', 'name', 'callerName'],
    ['calls.rooms', 'name', 'roomName'],
    ['calls.matches', 'title', 'matchTitle'],
  ];
  for (const [table, column, field] of renames) {
    const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
    // The room's id is its match's, too: each was the first.
    const id = table === 'accounts.users' ? ann.id : roomId;
    await renaming.query('begin');
    await renaming.query(`update ${table} set ${column} = 'New' where id = $1`, [id]);
    let invited = false;
    const inviting = calling.query(INVITE, [ann.id, bob.id, roomId]).then(() => {
      invited = true;
    });
    await until(async () => invited || (await waiting(sql)), { what: 'it is made, or waits' });
    const document = `select tally.read_summary('call_invitations', '${bob.id}') as shown`;
    await sql('call tally.tick()');
    await sql(document);
    await renaming.query('commit');
    await inviting;
    await sql('call tally.tick()');
    const [row] = await sql<{ shown: { invitations: Record<string, unknown>[] } }>(document);
    t.is(row?.shown.invitations[0]?.[field], 'New', table);
  }
});

test('both of a pair may call each other at once', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [ann, bob] = await people(sql, 2);
  const roomId = await room(sql);
  await Promise.all([
    sql(INVITE, [ann?.id, bob?.id, roomId]),
    sql(INVITE, [bob?.id, ann?.id, roomId]),
  ]);
  t.deepEqual(await statuses(sql), { pending: 2 });
});

test('an invitation that has expired is over and in nobody’s way before any row says so', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  const roomId = await room(sql);
  const id = await ring(sql, { from: ann, to: bob, room: roomId, seconds: -1 });
  const list = async (call: string) =>
    (await sql<{ list: Listed }>(`select calls.${call} as list`))[0]?.list.invitations;
  t.deepEqual(await list(`pending_invitations('${bob.id}')`), []);
  t.like((await list(`sent_invitations('${ann.id}', null)`))?.[0], { id, status: 'expired' });
  const late = await failure(sql(`select calls.end_invitation($1, $2, 'accepted')`, [bob.id, id]));
  t.is(late.code, 'TA409');
  t.deepEqual(await statuses(sql), { pending: 1 }, 'nobody has said so yet');
  await sql(INVITE, [ann.id, bob.id, roomId]);
  t.deepEqual(await statuses(sql), { expired: 1, pending: 1 });
  t.deepEqual(await misplaced(sql), []);
});

test('whatever writes the table, a pair has one pending invitation', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [ann = { id: '' }, bob = { id: '' }] = await people(sql, 2);
  const call = { from: ann, to: bob, room: await room(sql), seconds: 60 };
  await ring(sql, call);
  const second = await failure(ring(sql, call));
  t.is(second.constraint, 'pending_pkey');
  await sql(`update calls.invitations set expires_at = expires_at + interval '1 hour'`);
  t.deepEqual(await misplaced(sql), []);
  await sql('delete from calls.invitations');
  await ring(sql, call);
  await sql('truncate calls.invitations');
  await ring(sql, call);
  // What no trigger sees leaves a row behind, which is in the way only as long as it stands.
  await sql(`set session_replication_role = replica; delete from calls.invitations;
    update calls.pending set expires_at = now() - interval '1 second';
    set session_replication_role = origin`);
  await sql(INVITE, [ann.id, bob.id, call.room]);
  t.deepEqual(await misplaced(sql), []);
});

test('after 20 users at random every list and every badge is what a recount says', async (t) => {
  const server = await appServer(t);
  const { database, person } = server;
  const users = await Promise.all(Array.from({ length: 20 }, (_, at) => person(`U${at}`)));
  const roomId = await room(database.sql);
  await Promise.all(users.map((user, at) => random({ users, roomId }, user, at)));
  const seen = await statuses(database.sql);
  for (const status of ['pending', 'accepted', 'declined', 'cancelled']) {
    t.true((seen[status] ?? 0) > 0, JSON.stringify(seen));
  }
  t.deepEqual(await misplaced(database.sql), []);
  await isExact(t, database.sql);
  for (const user of users) await agrees(t, server, user);
});

async function agrees(
  t: Parameters<typeof appServer>[0],
  { database }: AppServer,
  user: Somebody,
): Promise<void> {
  const rows = await database.sql<{ id: string }>(
    `select id from calls.invitations where receiver_id = $1 and status = 'pending'
     order by expires_at, id`,
    [user.id],
  );
  const ids = rows.map(({ id }) => Number(id));
  const { invitations } = (await user.get('/calls/invitations/pending')).json as Listed;
  t.deepEqual(
    invitations.map(({ id }) => id),
    ids,
  );
  t.is((await numberOf(database.sql, 'pending_calls', user.id)) ?? 0, ids.length);
  const stream = await user.stream('/calls/invitations/pending/stream');
  await stream.whole((listed: Listed) => isDeepStrictEqual(listed.invitations, invitations));
  stream.close();
}

/** What one user does: calls others, and answers, declines and cancels what he finds. */
async function random(
  { users, roomId }: { users: readonly Somebody[]; roomId: number },
  user: Somebody,
  at: number,
): Promise<void> {
  for (let step = 0; step < 15; step += 1) {
    const dice = (at * 7 + step * 5) % 6;
    const list = async (which: string) =>
      ((await user.get(`/calls/invitations/${which}`)).json as Listed).invitations[0]?.id ?? 1;
    if (dice === 0) await user.post(`/calls/invitations/${await list('pending')}/accept`);
    else if (dice === 1) await user.post(`/calls/invitations/${await list('pending')}/decline`);
    else if (dice === 2) await user.post(`/calls/invitations/${await list('sent')}/cancel`);
    else {
      const receiverId = users[(at + 1 + ((step * 3) % 19)) % 20]?.id;
      await user.post('/calls/invitations', { receiverId, roomId, expiresInSeconds: 3600 });
    }
  }
}
