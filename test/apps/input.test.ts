import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import test from 'ava';
import { appServer } from '../helpers/app-server.js';
import { raw } from '../helpers/http.js';
import { until } from '../helpers/wait.js';

const BERLIN = 'insert into facilities.facilities (id, name, time_zone) values ($1, $2, $3)';

test('what PostgreSQL could not take is a 400 that names the field, wherever it stands', async (t) => {
  const { database, nobody, person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  // No RFC has such an id, and PostgreSQL has.
  const id = '11111111-1111-1111-1111-111111111111';
  await database.sql(BERLIN, [id, 'General', 'Europe/Berlin']);
  const at = `/api/facilities/${id}`;
  t.is((await admin.get(`${at}/dashboard`)).status, 200);
  for (const path of [
    '/api/search?q=%00',
    '/api/investors/public?q=a%00b',
    '/api/investors/public?sector=%00',
    '/api/projects?after=%00',
    `${at}/dashboard?date=0000-01-01`,
    `${at}/history?from=0000-01-01`,
    `${at}/history?to=0001-01-01`,
  ]) {
    const { status, json } = await (path.startsWith(at) ? admin : nobody).get(path);
    t.is(status, 400, path);
    t.true((json.errors as unknown[]).length > 0, path);
  }
  for (const expiresAt of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59']) {
    const body = { bloodBankId: id, bloodType: 'O-', quantity: 1, expiresAt };
    const { status, json } = await admin.post(`${at}/inventory`, body);
    t.is(status, 400, expiresAt);
    t.like(json, { errors: [{ field: 'expiresAt' }] });
  }
});

test('a form may send its empty fields, too', async (t) => {
  const { nobody } = await appServer(t);
  const path = '/api/investors/public';
  const plain = await nobody.get(path);
  const empty = await nobody.get(`${path}?type=&sector=&min_check=&max_check=&q=&page=`);
  t.is(empty.status, 200, empty.text);
  t.is(empty.text, plain.text);
});

test('a token of another house reads what anybody may, and nothing else', async (t) => {
  const { as } = await appServer(t);
  const bob = await as('bob');
  t.is((await bob.get('/api/projects')).status, 200);
  t.is((await bob.get('/api/prefetch/bootstrap')).status, 403);
});

test('who is let in no more writes no more', async (t) => {
  const { database, person } = await appServer(t);
  const uma = await person('Uma');
  const project = (await uma.post('/api/projects', { title: 'Atlas' })).json;
  const lead = (await uma.post('/leads', { name: 'one' })).json;
  await database.sql(`update accounts.users set status = 'rejected' where id = $1`, [uma.id]);
  t.is((await uma.patch(`/api/projects/${project.id}`, { title: 'B' })).status, 403);
  t.is((await uma.delete(`/api/projects/${project.id}`)).status, 403);
  t.is((await uma.patch(`/v1/leads/${lead.id}/status`, { status: 'won' })).status, 403);
});

test('a lead for somebody who is nobody is the admin’s mistake, and named', async (t) => {
  const { person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  const ownerId = '00000000-0000-0000-0000-000000055555';
  const { status, json } = await admin.post('/leads', { name: 'one', ownerId });
  t.is(status, 400);
  t.like(json, { errors: [{ field: 'ownerId' }] });
});

test('a number in a path or a query is plain digits, and what is not is named', async (t) => {
  const { nobody, person } = await appServer(t);
  const admin = await person('Ada', ['admin', 'validator']);
  const facility = '/api/facilities/11111111-1111-1111-1111-111111111111';
  const inPath: [send: 'get' | 'post' | 'put' | 'patch', path: string, field?: string][] = [
    ['patch', '/v1/leads/{}/status'],
    ['post', '/calls/invitations/{}/accept'],
    ['get', '/api/projects/{}'],
    ['put', '/api/projects/{}/vote'],
    ['put', '/api/chains/{}/projects/1'],
    ['put', '/api/chains/1/projects/{}', 'projectId'],
    ['get', '/api/chains/{}/posts'],
    ['post', '/api/intro-requests/{}/accept'],
    ['post', '/api/feedback/{}/handle'],
    ['get', '/api/direct-messages/conversations/{}'],
    ['post', `${facility}/inventory/{}/issue`, 'itemId'],
    ['post', `${facility}/distributions/{}/deliver`, 'distributionId'],
  ];
  const inQuery: [path: string, field: string][] = [
    ['/calls/invitations/sent', 'before'],
    ['/calls/rooms', 'before'],
    ['/api/projects', 'page'],
    ['/api/projects/1', 'after'],
    ['/api/chains/1/posts', 'after'],
    ['/api/notifications', 'after'],
    ['/api/direct-messages/conversations', 'after'],
    ['/api/direct-messages/conversations/1', 'after'],
    ['/api/leaderboard/projects', 'limit'],
    ['/api/investors/public', 'min_check'],
    ['/api/investors/public', 'page'],
    [`${facility}/distributions`, 'after'],
  ];
  const odd = ['0x10', '1e3', '%205', '5%20', '%2B5', '05', '-1', '1.0', '1_000', '९'];
  const beyond = ['0', '9007199254740992', '99999999999999999999'];
  for (const text of [...odd, ...beyond]) {
    for (const [send, path, field = 'id'] of inPath) {
      const at = path.replace('{}', text);
      const { status, json } = await admin[send](at);
      t.is(status, 400, at);
      t.like(json, { errors: [{ field }] }, at);
    }
  }
  for (const text of odd) {
    for (const [path, field] of inQuery) {
      const at = `${path}?${field}=${text}`;
      const { status, json } = await (path.includes('public') ? nobody : admin).get(at);
      t.is(status, 400, at);
      t.like(json, { errors: [{ field }] }, at);
      t.regex(JSON.stringify(json.errors), /plain digits/, at);
    }
  }
  for (const [path, field, bounds] of [
    ['/api/projects?page=4', 'page', '1 to 3'],
    ['/api/leaderboard/users?limit=0', 'limit', '1 to 100'],
    ['/api/projects/9007199254740993', 'id', '1 to 9007199254740991'],
  ] as const) {
    const { status, json } = await admin.get(path);
    t.is(status, 400, path);
    t.like(json, { errors: [{ field, message: `is not from ${bounds}` }] }, path);
  }
  t.is((await admin.get('/api/projects/16')).status, 404);
  t.is((await nobody.get('/api/investors/public?min_check=0')).status, 200);
});

test('who asks before sending a body is told to go on, or why not', async (t) => {
  const { url } = await appServer(t);
  const post = (type: string, body: string) => {
    const headers = { expect: '100-continue', 'content-type': type, 'content-length': body.length };
    const sent = request(`${url}/auth/signup`, { method: 'POST', headers });
    const said: string[] = [];
    sent.on('continue', () => {
      said.push('continue');
      sent.end(body);
    });
    sent.flushHeaders();
    return new Promise<[number | undefined, string[]]>((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (response) => {
        response.resume();
        resolve([response.statusCode, said]);
        sent.destroy();
      });
    });
  };
  const body = JSON.stringify({ email: 'ada@example.org', name: 'Ada' });
  t.deepEqual(await post('application/json', body), [201, ['continue']]);
  t.deepEqual(await post('text/plain', body), [415, []]);
});

const SIGN_UP = 'POST /auth/signup HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

function signUp(name: string, more = ''): string {
  const body = JSON.stringify({ email: `${name}@example.org`, name });
  return `${SIGN_UP}${more}Content-Length: ${body.length}\r\n\r\n${body}`;
}

test('a body that does not come to its end is given up, and nobody is blamed', async (t) => {
  const { url, database, nobody } = await appServer(t);
  const begun = `${SIGN_UP}Content-Length: 60\r\n\r\n{"em`;
  const chunked = `${SIGN_UP}Transfer-Encoding: chunked\r\n\r\n5\r\n{"emaZZZZZ\r\n`;
  t.regex(await raw(url, chunked), /^HTTP\/1\.1 400 [\s\S]*malformed-request/);
  t.regex(await raw(url, begun, { ends: true }), /^HTTP\/1\.1 400 [\s\S]*malformed-request/);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(begun.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'));
  await once(socket, 'data');
  socket.destroy();
  const counted = async () => (await nobody.get('/metrics')).text;
  await until(async () => /route="sign-up",status="400"\} 3\n/.test(await counted()), {
    what: 'three 400',
  });
  t.notRegex(await counted(), /route="sign-up",status="500"/);
  t.deepEqual(await database.sql('select from accounts.users'), []);
});

test('a write behind the last answer of its connection is not done', async (t) => {
  const { url, database, person } = await appServer(t);
  const page = 'GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n';
  const bad = `${SIGN_UP}Content-Length: 4\r\n\r\n{bad`;
  const nope = 'POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';
  const last = 'Connection: close\r\n';
  const statuses = async (bytes: string) =>
    [...(await raw(url, bytes)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  t.deepEqual(await statuses(bad + signUp('ann', last)), ['400', '201']);
  t.deepEqual(await statuses(signUp('bob') + signUp('bob') + signUp('cy', last)), [
    ...['201', '409', '201'],
  ]);
  t.deepEqual(await statuses(nope + signUp('dan')), ['404']);
  t.deepEqual(await statuses(`${page + page + signUp('eve')}GARBAGE\r\n\r\n`), ['200']);
  const bearer = `Authorization: Bearer ${(await person('Ada', ['admin'])).token}\r\n`;
  const stream = `GET /v1/stream?topic=pending_users HTTP/1.1\r\nHost: x\r\n${bearer}\r\n`;
  t.notRegex(await raw(url, stream + signUp('gil').repeat(102)), / 201 /);
  const names = await database.sql<{ name: string }>('select name from accounts.users order by 1');
  t.deepEqual(
    names.map(({ name }) => name),
    ['Ada', 'ann', 'bob', 'cy'],
  );
});
