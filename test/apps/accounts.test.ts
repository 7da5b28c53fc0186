import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { appServer } from '../helpers/app-server.js';
import { ask } from '../helpers/http.js';

const ADMIN = ['admin'];

test('who signs up waits, and is let in by an admin, once', async (t) => {
  const { nobody, person } = await appServer(t);
  const admin = await person('Ada', ADMIN);
  const signed = await nobody.post('/auth/signup', { email: 'Eve@Example.org', name: 'Eve' });
  t.is(signed.status, 201);
  t.is(signed.json.status, 'pending');
  const { users } = (await admin.get('/admin/pending-users')).json as { users: unknown[] };
  t.like(users, [{ id: signed.json.id, email: 'eve@example.org', name: 'Eve' }]);
  const path = `/admin/pending-users/${signed.json.id}`;
  t.deepEqual((await admin.post(`${path}/approve`)).json, {
    id: signed.json.id,
    status: 'approved',
  });
  const again = await admin.delete(`${path}/reject`);
  t.is(again.status, 409);
  t.is(again.json.detail, 'This user is approved already.');
  t.is((await nobody.post('/auth/signup', { email: 'eve@example.org', name: 'E' })).status, 409);
  t.deepEqual((await admin.get('/admin/pending-users')).json, { users: [], next: null });
});

test('who was turned down may sign up again', async (t) => {
  const { nobody, person } = await appServer(t);
  const admin = await person('Ada', ADMIN);
  const body = { email: 'mallory@example.org', name: 'Mallory' };
  const { id } = (await nobody.post('/auth/signup', body)).json;
  t.is((await admin.delete(`/admin/pending-users/${id}/reject`)).json.status, 'rejected');
  const again = await nobody.post('/auth/signup', body);
  t.is(again.status, 201);
  t.deepEqual(again.json, { id, status: 'pending' });
});

test('of two admins who decide at once one is told what the other said', async (t) => {
  const { nobody, person } = await appServer(t);
  const admins = await Promise.all([person('Ada', ADMIN), person('Ben', ADMIN)]);
  const { id } = (await nobody.post('/auth/signup', { email: 'c@example.org', name: 'C' })).json;
  const path = `/admin/pending-users/${id}`;
  const answers = await Promise.all([
    admins[0].post(`${path}/approve`),
    admins[1].delete(`${path}/reject`),
  ]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
});

test('only admins see who waits, and decide', async (t) => {
  const { nobody, person } = await appServer(t);
  const user = await person('Uma');
  const paths = ['approve', 'reject'].map((verb) => `/admin/pending-users/${user.id}/${verb}`);
  for (const [who, status] of [
    [nobody, 401],
    [user, 403],
  ] as const) {
    t.is((await who.get('/admin/pending-users')).status, status);
    t.is((await who.post(paths[0] ?? '')).status, status);
    t.is((await who.delete(paths[1] ?? '')).status, status);
  }
  const admin = await person('Ada', ADMIN);
  t.is((await admin.post(`/admin/pending-users/${randomUUID()}/approve`)).status, 404);
  const malformed = await admin.post('/admin/pending-users/7/approve');
  t.is(malformed.status, 400);
  t.like(malformed.json, { errors: [{ field: 'id' }] });
});

test('what cannot be signed up with is refused, field by field', async (t) => {
  const { url, nobody } = await appServer(t);
  const wrong = await nobody.post('/auth/signup', { email: 'nobody', name: ' ', role: 'admin' });
  t.is(wrong.status, 400);
  const fields = (wrong.json.errors as { field: string }[]).map(({ field }) => field);
  t.deepEqual(fields.sort(), ['body', 'email', 'name']);
  t.is((await nobody.post('/auth/signup')).status, 415);
  const post = (body: string, type = 'application/json') =>
    ask(`${url}/auth/signup`, { method: 'POST', body, headers: { 'content-type': type } });
  t.is((await post('{"email":')).status, 400);
  t.is((await post('{}', 'text/plain')).status, 415);
  t.is((await post(`{"email":"a@example.org","name":"\\u0000"}`)).status, 400);
  t.is((await post(`"${'x'.repeat(1_100_000)}"`)).status, 413);
});

test('a body that is too long is refused also where it does not say how long it is', async (t) => {
  const { url, nobody } = await appServer(t);
  const asked = request(`${url}/auth/signup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  });
  // What is sent after the answer has nobody to read it.
  asked.on('error', () => undefined);
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  // And more would come: the answer does not wait for it.
  for (let part = 0; part < 12; part += 1) asked.write('x'.repeat(100_000));
  const [answer] = await answered;
  t.is(answer.statusCode, 413);
  t.regex(await text(answer), /A body is at most 1048576 bytes/);
  asked.destroy();
  t.is((await nobody.post('/auth/signup', { email: 'a@example.org', name: 'A' })).status, 201);
});

test('a page of another origin may not write with the cookie of who looks at it', async (t) => {
  const { url, person } = await appServer(t);
  const admin = await person('Ada', ADMIN);
  const approve = (headers: Record<string, string>) =>
    ask(`${url}/admin/pending-users/${randomUUID()}/approve`, {
      method: 'POST',
      headers: { cookie: `tally_token=${admin.token}`, ...headers },
    });
  t.is((await approve({ origin: 'https://evil.example' })).status, 403);
  t.is((await approve({ origin: url })).status, 404, 'our own');
});
