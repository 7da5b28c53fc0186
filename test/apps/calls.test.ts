import { randomUUID } from 'node:crypto';
import test from 'ava';
import { appServer, type Somebody } from '../helpers/app-server.js';
import { people, ring, room } from '../helpers/calls.js';

type Listed = { invitations: { id: number; status?: string }[] };

const PENDING = '/calls/invitations/pending';
const SENT = '/calls/invitations/sent';

async function idsOf(who: Somebody, path: string): Promise<number[]> {
  return ((await who.get(path)).json as Listed).invitations.map(({ id }) => id);
}

test('whoever is called sees by whom and where, and the caller sees what came of it', async (t) => {
  const { database, person } = await appServer(t);
  const [ann, bob] = await Promise.all([person('Ann'), person('Bob')]);
  const roomId = await room(database.sql, 'Box 7', 'Semi-final');
  t.deepEqual((await bob.get(PENDING)).json, { invitations: [] });
  const made = await ann.post('/calls/invitations', { receiverId: bob.id, roomId });
  t.is(made.status, 201);
  const { id, createdAt, expiresAt } = made.json;
  t.is(Date.parse(String(expiresAt)) - Date.parse(String(createdAt)), 60_000, 'the default');
  const shown = { id, createdAt, expiresAt, roomId, roomName: 'Box 7', matchTitle: 'Semi-final' };
  t.deepEqual((await bob.get(PENDING)).json, {
    invitations: [{ ...shown, callerId: ann.id, callerName: 'Ann' }],
  });
  const sent = { ...shown, receiverId: bob.id, receiverName: 'Bob' };
  t.deepEqual((await ann.get(SENT)).json, {
    invitations: [{ ...sent, status: 'pending', endedAt: null }],
  });
  const accepted = await bob.post(`/calls/invitations/${id}/accept`);
  t.is(accepted.status, 200);
  t.like(accepted.json, { id, callerId: ann.id, receiverId: bob.id, roomId, status: 'accepted' });
  t.deepEqual((await bob.get(PENDING)).json, { invitations: [] });
  t.deepEqual((await ann.get(SENT)).json, {
    invitations: [{ ...sent, status: 'accepted', endedAt: accepted.json.endedAt }],
  });
  t.deepEqual(await idsOf(bob, SENT), []);
});

test('those who call are listed soonest to expire first, and unchanged they are a 304', async (t) => {
  const { database, person } = await appServer(t);
  const bob = await person('Bob');
  const roomId = await room(database.sql);
  const ids: unknown[] = [];
  for (const seconds of [300, 30, 3600, 60]) {
    const caller = await person('C');
    const body = { receiverId: bob.id, roomId, expiresInSeconds: seconds };
    ids.push((await caller.post('/calls/invitations', body)).json.id);
  }
  t.deepEqual(await idsOf(bob, PENDING), [ids[1], ids[3], ids[0], ids[2]] as number[]);
  const etag = (await bob.get(PENDING)).headers.get('etag') ?? '';
  t.is((await bob.get(PENDING, { 'if-none-match': etag })).status, 304);
});

test('an invitation is ended once, and whoever is late hears how it ended', async (t) => {
  const { database, person } = await appServer(t);
  const [ann, bob] = await Promise.all([person('Ann'), person('Bob')]);
  const roomId = await room(database.sql);
  const invite = async () =>
    (await ann.post('/calls/invitations', { receiverId: bob.id, roomId })).json.id;
  const ends = [
    [bob, 'accept', 'accepted'],
    [bob, 'decline', 'declined'],
    [ann, 'cancel', 'cancelled'],
  ] as const;
  for (const [who, verb, status] of ends) {
    const id = await invite();
    t.is((await who.post(`/calls/invitations/${id}/${verb}`)).json.status, status);
    for (const [late, other] of ends) {
      const answer = await late.post(`/calls/invitations/${id}/${other}`);
      t.is(answer.status, 409);
      t.is(answer.json.detail, `This invitation was ${status} already.`);
    }
  }
  const over = await ring(database.sql, { from: ann, to: bob, room: roomId, seconds: -1 });
  for (const [who, verb] of ends) {
    const answer = await who.post(`/calls/invitations/${over}/${verb}`);
    t.is(answer.status, 409);
    t.is(answer.json.detail, 'This invitation has expired.');
  }
});

test('an invitation is answered by its receiver, cancelled by its caller, and nobody else’s', async (t) => {
  const { database, nobody, person } = await appServer(t);
  const [ann, bob, eve] = await Promise.all([
    person('Ann'),
    person('Bob'),
    person('Eve', ['admin']),
  ]);
  const roomId = await room(database.sql);
  const { id } = (await ann.post('/calls/invitations', { receiverId: bob.id, roomId })).json;
  const end = async (who: Somebody, verb: string) =>
    (await who.post(`/calls/invitations/${id}/${verb}`)).status;
  for (const verb of ['accept', 'decline', 'cancel']) {
    t.is(await end(nobody, verb), 401);
    t.is(await end(eve, verb), 404);
    t.is((await bob.post(`/calls/invitations/999999/${verb}`)).status, 404);
    t.is((await bob.post(`/calls/invitations/x/${verb}`)).status, 400);
    t.is((await bob.post(`/calls/invitations/${'9'.repeat(30)}/${verb}`)).status, 400);
  }
  t.is(await end(ann, 'accept'), 404);
  t.is(await end(bob, 'cancel'), 404);
  t.deepEqual(await idsOf(eve, PENDING), []);
  t.deepEqual(await idsOf(bob, PENDING), [id] as number[]);
});

test('who or what is not there cannot be called, and the answer names the field', async (t) => {
  const { database, nobody, as, person } = await appServer(t);
  const [ann, bob] = await Promise.all([person('Ann'), person('Bob')]);
  const roomId = await room(database.sql);
  const good = { receiverId: bob.id, roomId };
  const [waiting] = await database.sql<{ id: string }>(
    `insert into accounts.users (email, name) values ('w@example.org', 'W') returning id`,
  );
  for (const [body, field] of [
    [{ ...good, receiverId: randomUUID() }, 'receiverId'],
    [{ ...good, receiverId: waiting?.id }, 'receiverId'],
    [{ ...good, receiverId: ann.id }, 'receiverId'],
    [{ ...good, receiverId: 7 }, 'receiverId'],
    [{ ...good, roomId: roomId + 1 }, 'roomId'],
    [{ ...good, expiresInSeconds: 4 }, 'expiresInSeconds'],
    [{ ...good, expiresInSeconds: 3601 }, 'expiresInSeconds'],
    [{ ...good, status: 'accepted' }, 'body'],
  ] as const) {
    const answer = await ann.post('/calls/invitations', body);
    t.is(answer.status, 400, JSON.stringify(body));
    t.like(answer.json, { errors: [{ field }] });
  }
  t.is((await nobody.post('/calls/invitations', good)).status, 401);
  t.is((await (await as(randomUUID())).post('/calls/invitations', good)).status, 403);
  t.is((await (await as(waiting?.id ?? '')).post('/calls/invitations', good)).status, 403);
  for (const path of [PENDING, `${PENDING}/stream`, SENT, '/calls/rooms']) {
    t.is((await nobody.get(path)).status, 401);
    t.is((await (await as('not-a-uuid')).get(path)).status, 403);
    t.is((await (await as(ann.id.toUpperCase())).get(path)).status, 403);
  }
  t.is((await ann.get(`${SENT}?before=x`)).status, 400);
  t.is((await ann.get('/calls/rooms?before=0')).status, 400);
});

test('what was sent, and rooms, go by pages of 50, newest first', async (t) => {
  const { database, person } = await appServer(t);
  const [ann, eve] = await Promise.all([person('Ann'), person('Eve')]);
  const roomIds: number[] = [];
  for (let at = 0; at < 60; at += 1) roomIds.push(await room(database.sql, `R${at}`));
  const sent: number[] = [];
  for (const to of await people(database.sql, 120)) {
    sent.push(await ring(database.sql, { from: ann, to, room: roomIds[0] ?? 0, seconds: 600 }));
  }
  const newest = sent.toReversed();
  t.deepEqual(await idsOf(ann, SENT), newest.slice(0, 50));
  t.deepEqual(await idsOf(ann, `${SENT}?before=${newest[49]}`), newest.slice(50, 100));
  t.deepEqual(await idsOf(ann, `${SENT}?before=${newest[99]}`), newest.slice(100));
  t.deepEqual(await idsOf(eve, SENT), []);
  const first = (await ann.get('/calls/rooms')).json.rooms as { id: number }[];
  t.like(first[0], { id: roomIds[59], name: 'R59', matchTitle: 'Final' });
  t.is(first.length, 50);
  const rest = (await ann.get(`/calls/rooms?before=${first[49]?.id}`)).json.rooms as unknown[];
  t.is(rest.length, 10);
});
