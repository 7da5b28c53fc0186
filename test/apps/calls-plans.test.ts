import test from 'ava';
import { people, ring, room } from '../helpers/calls.js';
import { testDatabase } from '../helpers/database.js';
import { largeTables, rowsToLoad } from '../helpers/large.js';
import { plansOf } from '../helpers/plans.js';

const INVITATIONS = rowsToLoad(20_000);
/** Of users, matches and rooms. */
const OTHERS = INVITATIONS / 10;

test('no statement of any route, builder or rule reads a large table from end to end', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  const session = await client();
  // A month of a busy place. Without triggers and foreign keys it is made in seconds; the plans are
  // the same.
  await session.query('set session_replication_role = replica');
  await session.query(`insert into accounts.users (email, name, status, decided_at)
    select n || '@example.org', 'P' || n, 'approved', now() from generate_series(1, ${OTHERS}) n`);
  await session.query(`insert into calls.matches (title)
    select 'M' || n from generate_series(1, ${OTHERS}) n`);
  await session.query(`insert into calls.rooms (match_id, name)
    select id, 'R' || id from calls.matches`);
  await session.query(`insert into calls.invitations
      (created_at, caller_id, receiver_id, room_id, status, expires_at, ended_at)
    select a.at, u[1 + n % ${OTHERS}], u[1 + (n * 7 + 1) % ${OTHERS}], 1 + n % ${OTHERS},
      (array['accepted', 'declined', 'cancelled', 'expired'])[1 + n % 4],
      a.at + interval '1 minute', a.at + interval '1 minute' - case n % 4 when 3 then interval '0'
        else interval '30 seconds' end
    from (select array_agg(id) as u from accounts.users) x,
      generate_series(1, ${INVITATIONS}) n,
      lateral (select now() - n * interval '23 days 4 hours' / ${INVITATIONS}) a (at)`);
  await session.query('set session_replication_role = origin');
  const [ann = { id: '' }, bob = { id: '' }, cem = { id: '' }] = await people(sql, 3);
  const roomId = await room(sql);
  const id = await ring(sql, { from: ann, to: bob, room: roomId, seconds: 3600 });
  await ring(sql, { from: bob, to: cem, room: roomId, seconds: -1 });
  await session.query('analyze accounts.users, calls.invitations, calls.rooms, calls.matches');
  const large = await largeTables(session, 'accounts', 'calls');
  t.true(large.has('calls.invitations') && large.size >= 5, [...large].join(', '));
  const statements: [text: string, values: unknown[], index?: string][] = [
    ['select calls.invite($1, $2, $3, 60)', [ann.id, cem.id, roomId]],
    ['select calls.invite($1, $2, $3, 61)', [bob.id, cem.id, roomId], 'pkey'],
    [`select calls.end_invitation($1, $2, 'accepted')`, [bob.id, id], 'pkey'],
    [`select calls.end_invitation($1, $2, 'cancelled')`, [ann.id, id], 'pkey'],
    ['select calls.pending_invitations($1)', [bob.id], 'receiver_id_status_expires_at'],
    ['select calls.pending_document($1)', [bob.id], 'receiver_id_status_expires_at'],
    ['select calls.sent_invitations($1, $2)', [ann.id, undefined], 'caller_id_id'],
    ['select calls.sent_invitations($1, $2 )', [ann.id, INVITATIONS / 2], 'caller_id_id'],
    ['select calls.list_rooms($1)', [OTHERS / 2]],
    [`update accounts.users set name = 'A' where id = $1`, [ann.id]],
    [`update calls.rooms set name = 'A' where id = $1`, [roomId]],
    [`update calls.matches set title = 'A' where id = $1`, [roomId]],
    ['delete from accounts.users where id = $1', [ann.id], 'receiver_id_status_expires_at'],
    ['delete from calls.rooms where id = $1', [roomId], 'room_id_status'],
    ['select tally.expire_due()', [], 'expires_at'],
    [`select * from tally.clean_up('call_invitations', '23 days', true)`, [], 'ended_at'],
  ];
  for (const [text, values, index] of statements) {
    const plans = await plansOf(session, text, values);
    t.deepEqual(plans.scans(large), [], text);
    if (index === undefined) continue;
    t.true(
      [...plans.indexes].some(
        (name) => name.endsWith(`_${index}_idx`) || name.endsWith(`_${index}`),
      ),
      `${text}: ${[...plans.indexes]}`,
    );
  }
});

test('the planner takes a large table for one of a million rows, and no other', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  await sql(`insert into accounts.users (email, name) select n::text, 'P'
    from generate_series(1, ${rowsToLoad(2000)}) n`);
  await sql(`insert into calls.matches (title) select 'M' || n from generate_series(1, 100) n`);
  await sql('analyze accounts.users, calls.matches');
  const session = await client();
  t.deepEqual([...(await largeTables(session, 'accounts', 'calls'))], ['accounts.users']);
  const rowsOf = async (from: string) => {
    const { rows } = await session.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      `explain (format json) select from ${from}`,
    );
    return rows[0]?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0;
  };
  const pending = `accounts.users where status = 'pending' order by signed_up_at, id`;
  for (const from of ['accounts.users', pending]) {
    const told = await rowsOf(from);
    t.true(Math.abs(told - 1_000_000) < 10_000, `${from}: ${told}`);
  }
  t.is(await rowsOf('calls.matches'), 100);
});

test('a table that is read from end to end is seen', async (t) => {
  const { sql, client } = await testDatabase(t, { template: 'apps' });
  await sql(`insert into accounts.users (email, name) select n::text, 'P'
    from generate_series(1, 10000) n`);
  const text = `select calls.tell_all(n) from generate_series(1, 1) n`;
  await sql(`create function calls.tell_all(n int) returns bigint language plpgsql as $$
    begin return (select count(*) from accounts.users where name = 'x'); end $$`);
  const plans = await plansOf(await client(), text);
  const [scan, ...others] = plans.scans(new Set(['accounts.users']));
  t.deepEqual(others, []);
  t.regex(scan ?? '', /^accounts\.users: /);
});
