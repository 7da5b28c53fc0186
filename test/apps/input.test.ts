import test from 'ava';
import { appServer } from '../helpers/app-server.js';

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
