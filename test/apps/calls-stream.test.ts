import { randomUUID } from 'node:crypto';
import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { ring, room } from '../helpers/calls.js';
import { numberOf } from '../helpers/engine.js';
import { until } from '../helpers/wait.js';

type Calling = { id: number; callerName: string; roomName: string; matchTitle: string };
type Listed = { invitations: Calling[] };

const STREAM = '/calls/invitations/pending/stream';

async function called(t: Parameters<typeof appServer>[0]) {
  const server = await appServer(t);
  const { person, database } = server;
  const [ann, bob, cem] = await Promise.all([person('Ann'), person('Bob'), person('Cem')]);
  return { ...server, ann, bob, cem, roomId: await room(database.sql) };
}

const isIds =
  (...ids: unknown[]) =>
  ({ invitations }: Listed) =>
    JSON.stringify(invitations.map(({ id }) => id)) === JSON.stringify(ids);

async function invite(from: Somebody, to: Somebody, roomId: number, expiresInSeconds = 600) {
  const body = { receiverId: to.id, roomId, expiresInSeconds };
  return (await from.post('/calls/invitations', body)).json.id as number;
}

test('each invitation, and each end of one, is shown to its receiver and to nobody else', async (t) => {
  const { ann, bob, cem, roomId } = await called(t);
  const [stream, other] = await Promise.all([bob.stream(STREAM), cem.stream(STREAM)]);
  await stream.whole(isIds(), 'nobody calls');
  for (const [who, verb] of [
    [bob, 'accept'],
    [bob, 'decline'],
    [ann, 'cancel'],
  ] as const) {
    const id = await invite(ann, bob, roomId);
    await stream.whole(isIds(id), `${verb}: it is shown`);
    await who.post(`/calls/invitations/${id}/${verb}`);
    await stream.whole(isIds(), `${verb}: it is gone`);
  }
  const [late, soon] = [await invite(ann, bob, roomId, 900), await invite(cem, bob, roomId, 300)];
  await stream.whole(isIds(soon, late), 'soonest to expire first');
  const page = (await bob.get('/calls/invitations/pending')).json;
  t.deepEqual(JSON.parse(stream.recorder.frames.at(-1)?.data ?? ''), page);
  await other.whole(isIds());
  const seen = other.recorder.frames.filter(({ event }) => event === 'sync');
  t.true(seen.every(({ data }) => isIds()(JSON.parse(data) as Listed)));
  t.deepEqual([...stream.recorder.faults, ...other.recorder.faults], []);
  for (const { close } of [stream, other]) close();
});

test('one that expires goes from the stream and from the badge by itself, and not before', async (t) => {
  const { ann, bob, cem, roomId, database } = await called(t);
  const stream = await bob.stream(STREAM);
  const later = await invite(cem, bob, roomId);
  const id = await ring(database.sql, { from: ann, to: bob, room: roomId, seconds: 8 });
  await stream.whole(isIds(id, later));
  const [row] = await database.sql<{ ms: number }>(
    `select (extract(epoch from expires_at) * 1000)::float8 as ms from calls.invitations
     where id = $1`,
    [id],
  );
  const badge = async () =>
    Number((await bob.get(`/v1/counters/pending_calls/${bob.id}`)).json.value);
  t.is(await badge(), 2);
  await stream.whole(isIds(later), 'the first has expired');
  t.true(Date.now() >= Math.floor(row?.ms ?? Infinity), 'its time had come');
  await until(async () => (await badge()) === 1);
  t.is(await numberOf(database.sql, 'pending_calls', bob.id), 1);
  t.is((await cem.get(`/v1/counters/pending_calls/${bob.id}`)).status, 403);
  t.is((await cem.get(`/v1/summaries/call_invitations/${bob.id}`)).status, 403);
  stream.close();
});

test('a caller, a room and a match that get another name are shown by it', async (t) => {
  const { ann, bob, roomId, database } = await called(t);
  await invite(ann, bob, roomId);
  const stream = await bob.stream(STREAM);
  const named = (field: keyof Calling, name: string) => (listed: Listed) =>
    listed.invitations[0]?.[field] === name;
  await stream.whole(named('callerName', 'Ann'));
  await database.sql('update accounts.users set name = $2 where id = $1', [ann.id, 'Anna']);
  await stream.whole(named('callerName', 'Anna'));
  await database.sql(`update calls.rooms set name = 'Box 9' where id = $1`, [roomId]);
  await stream.whole(named('roomName', 'Box 9'));
  await database.sql(`update calls.matches set title = 'Replay'`);
  await stream.whole(named('matchTitle', 'Replay'));
  t.deepEqual(await database.sql('select * from calls.renames'), []);
  stream.close();
});

test('whoever is deleted calls nobody any more, and a room that is gone neither', async (t) => {
  const { ann, bob, cem, roomId, database } = await called(t);
  const first = await invite(ann, bob, roomId, 300);
  const second = await invite(cem, bob, await room(database.sql, 'Other'), 600);
  const stream = await bob.stream(STREAM);
  await stream.whole(isIds(first, second));
  await database.sql('delete from accounts.users where id = $1', [ann.id]);
  await stream.whole(isIds(second));
  await database.sql(`delete from calls.rooms where name = 'Other'`);
  await stream.whole(isIds());
  t.deepEqual(await database.sql('select * from calls.pending'), []);
  stream.close();
});

test('a token of an id that nobody has is called by nobody, and keeps no document', async (t) => {
  const { as, database }: AppServer = await appServer(t);
  const stranger = await as(randomUUID());
  const stream = await stranger.stream(STREAM);
  await stream.whole(isIds());
  t.deepEqual((await stranger.get('/calls/invitations/pending')).json, { invitations: [] });
  t.deepEqual(
    await database.sql(`select body from tally.summaries
      where name = 'call_invitations' and body is not null`),
    [],
  );
  stream.close();
});
