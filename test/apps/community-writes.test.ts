import { randomUUID } from 'node:crypto';
import test from 'ava';
import { appServer, type Somebody } from '../helpers/app-server.js';

type Method = 'post' | 'patch' | 'put' | 'delete';
type Case = readonly [Method, string, unknown?];

const send = (who: Somebody, [method, path, body]: Case) => who[method](path, body);

test('each write is for approved users alone, and refuses what it cannot read', async (t) => {
  const { nobody, as, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const project = (await uma.post('/api/projects', { title: 'Boat' })).json.id;
  const chain = (await uma.post('/api/chains', { title: 'Water' })).json.id;
  const entry = { type: 'individual', name: 'Ivy', minCheck: 1, maxCheck: 2 };
  const cases: readonly (readonly [Case, unknown])[] = [
    [['post', '/api/projects', { title: 'x' }], { title: '' }],
    [['put', `/api/projects/${project}/vote`], { vote: 1 }],
    [['delete', `/api/projects/${project}/vote`], { vote: 1 }],
    [['post', `/api/projects/${project}/comments`, { body: 'x' }], { body: ' ' }],
    [['post', '/api/chains', { title: 'x' }], { title: 7 }],
    [['put', `/api/chains/${chain}/projects/${project}`], {}],
    [['put', `/api/chains/${chain}/follow`], {}],
    [['delete', `/api/chains/${chain}/follow`], {}],
    [['post', `/api/chains/${chain}/posts`, { body: 'x' }], { text: 'x' }],
    [['put', `/api/users/${vic.id}/follow`], {}],
    [['delete', `/api/users/${vic.id}/follow`], {}],
    [['post', '/api/direct-messages', { to: vic.id, body: 'x' }], { to: 'vic', body: 'x' }],
    [['put', '/api/investors/me', entry], { ...entry, minCheck: 3 }],
    [['post', '/api/intro-requests', { investorId: vic.id, message: 'x' }], { investorId: vic.id }],
    [['post', '/api/feedback', { body: 'x' }], { body: 'x'.repeat(4_001) }],
  ];
  const stranger = await as(randomUUID(), ['investor']);
  for (const [good, bad] of cases) {
    const [method, path] = good;
    t.is((await send(nobody, good)).status, 401, `${method} ${path}`);
    t.is((await send(stranger, good)).status, 403, `${method} ${path}`);
    t.is((await send(uma, [method, path, bad])).status, 400, `${method} ${path}`);
  }
  for (const path of ['/api/projects/0/vote', '/api/projects/x/vote']) {
    t.is((await uma.put(path)).status, 400);
  }
  t.is((await nobody.post('/api/notifications/read', {})).status, 401);
  t.is((await uma.post('/api/notifications/read', { upTo: '7' })).status, 400);
});

test('a project is its owner’s and the admins’, and goes with all that belongs to it', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic, admin, val] = await Promise.all([
    person('Uma'),
    person('Vic'),
    person('Ada', ['admin']),
    person('Val', ['validator']),
  ]);
  const made = await uma.post('/api/projects', { title: 'Boat', description: 'It floats.' });
  t.is(made.status, 201);
  const own = { title: 'Boat', summary: 'It floats.', owner: { id: uma.id, name: 'Uma' } };
  t.like(made.json, { ...own, votes: 0, comments: 0, badges: 0 });
  const path = `/api/projects/${made.json.id}`;
  t.is((await nobody.patch(path, { title: 'x' })).status, 401);
  t.is((await vic.patch(path, { title: 'x' })).status, 403);
  t.is((await uma.patch(path, { name: 'x' })).status, 400);
  t.is((await uma.patch('/api/projects/999999', { title: 'x' })).status, 404);
  t.like((await uma.patch(path, { title: 'Ship' })).json, { title: 'Ship', summary: 'It floats.' });
  t.like((await admin.patch(path, { description: 'Yes.' })).json, { title: 'Ship' });
  t.deepEqual((await vic.put(`${path}/vote`)).json, { id: made.json.id, voted: true, votes: 1 });
  t.is((await vic.post(`${path}/comments`, { body: 'Nice' })).status, 201);
  t.is((await vic.put(`${path}/badge`, {})).status, 403, 'no validator');
  t.is((await nobody.put(`${path}/badge`, {})).status, 401);
  t.is((await val.put(`${path}/badge`, { note: 7 })).status, 400);
  t.is((await val.put(`${path}/badge`, { note: 'seen' })).json.badges, 1);
  t.is((await val.put(`${path}/badge`, { note: 'seen twice' })).json.badges, 1);
  const his = (await val.post('/api/projects', { title: 'Mine' })).json.id;
  t.is((await val.put(`/api/projects/${his}/badge`, {})).status, 403, 'of his own');
  t.is((await vic.delete(path)).status, 403);
  t.is((await nobody.delete(path)).status, 401);
  t.deepEqual((await uma.delete(path)).json, { id: made.json.id, deleted: true });
  for (const answer of [
    await uma.delete(path),
    await vic.put(`${path}/vote`),
    await vic.post(`${path}/comments`, { body: 'x' }),
    await val.put(`${path}/badge`, {}),
  ]) {
    t.is(answer.status, 404);
  }
});

test('of many clicks at once one vote is counted', async (t) => {
  const { database, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const { id } = (await uma.post('/api/projects', { title: 'Boat' })).json;
  const path = `/api/projects/${id}/vote`;
  const answers = await Promise.all(Array.from({ length: 10 }, () => vic.put(path)));
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  t.is((await uma.put(path)).json.votes, 2);
  const backs = await Promise.all(Array.from({ length: 10 }, () => vic.delete(path)));
  t.deepEqual([...new Set(backs.map(({ status }) => status))], [200]);
  t.is((await vic.delete(path)).json.votes, 1);
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
});

test('a chain takes projects of its owner’s, and posts of who follows it', async (t) => {
  const { as, person } = await appServer(t);
  const [uma, vic, wim] = await Promise.all([person('Uma'), person('Vic'), person('Wim')]);
  const chain = (await uma.post('/api/chains', { title: 'Water' })).json;
  t.like(chain, { title: 'Water', projects: 0, followers: 0, posts: 0 });
  const project = (await vic.post('/api/projects', { title: 'Boat' })).json.id;
  const member = `/api/chains/${chain.id}/projects/${project}`;
  t.is((await wim.put(member)).status, 403);
  t.is((await uma.put(member)).json.projects, 1);
  t.is((await vic.put(member)).json.projects, 1, 'twice is once');
  t.is((await vic.put(`/api/chains/${chain.id}/projects/999999`)).status, 404);
  t.is((await vic.put(`/api/chains/999999/projects/${project}`)).status, 404);
  t.is((await vic.delete(member)).json.projects, 0);
  const admin = await as(randomUUID(), ['admin']);
  t.is((await admin.put(member)).json.projects, 1, 'an admin need not be a user');
  t.is((await admin.delete(member)).json.projects, 0);
  const posts = `/api/chains/${chain.id}/posts`;
  t.is((await wim.post(posts, { body: 'Hello' })).status, 403);
  const follow = `/api/chains/${chain.id}/follow`;
  t.deepEqual((await wim.put(follow)).json, { id: chain.id, following: true, followers: 1 });
  t.is((await wim.put(follow)).json.followers, 1);
  t.is((await wim.post(posts, { body: 'Hello' })).status, 201);
  t.is((await uma.post(posts, { body: 'Welcome' })).status, 201);
  t.is((await wim.delete(follow)).json.followers, 0);
  t.is((await wim.put('/api/chains/999999/follow')).status, 404);
  t.is((await wim.post('/api/chains/999999/posts', { body: 'x' })).status, 404);
});

test('people follow each other, and not themselves', async (t) => {
  const { database, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const path = `/api/users/${vic.id}/follow`;
  t.deepEqual((await uma.put(path)).json, { id: vic.id, following: true, followers: 1 });
  t.is((await uma.put(path)).json.followers, 1);
  t.is((await uma.delete(path)).json.followers, 0);
  t.is((await uma.put(`/api/users/${uma.id}/follow`)).status, 400);
  for (const method of ['put', 'delete'] as const) {
    t.is((await uma[method](`/api/users/${randomUUID()}/follow`)).status, 404);
  }
  // Who is let in no more cannot be followed, but left.
  t.is((await uma.put(path)).json.followers, 1);
  await database.sql(`update accounts.users set status = 'rejected' where id = $1`, [vic.id]);
  t.is((await uma.put(path)).status, 404);
  for (const time of ['once', 'twice']) {
    t.deepEqual(
      (await uma.delete(path)).json,
      { id: vic.id, following: false, followers: 0 },
      time,
    );
  }
});
