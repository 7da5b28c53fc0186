import { randomUUID } from 'node:crypto';
import test from 'ava';
import { type AppServer, appServer } from '../helpers/app-server.js';

const ENTRY = { type: 'individual', name: 'Ivy', sectors: ['Water'], minCheck: 1, maxCheck: 9 };

async function people({ person }: AppServer) {
  const [uma, ivy, admin] = await Promise.all([
    person('Uma'),
    person('Ivy', ['investor']),
    person('Ada', ['admin']),
  ]);
  await ivy.put('/api/investors/me', ENTRY);
  return { uma, ivy, admin };
}

test('an investor is asked once at a time, and his answer is told and counted', async (t) => {
  const server = await appServer(t);
  const { uma, ivy } = await people(server);
  const project = (await uma.post('/api/projects', { title: 'Boat' })).json.id;
  const ask = { investorId: ivy.id, projectId: project, message: 'Shall we meet?' };
  const both = await Promise.all([1, 2].map(() => uma.post('/api/intro-requests', ask)));
  t.deepEqual(both.map(({ status }) => status).sort(), [201, 409]);
  const { id } = both.find(({ status }) => status === 201)?.json ?? {};
  const dashboard = (await ivy.get('/api/prefetch/dashboard-data')).json;
  t.like(dashboard, {
    stats: { introsReceived: { pending: 1, accepted: 0, declined: 0 } },
    unread: { notifications: 1 },
    investor: {
      introsReceived: [{ id, projectId: project, requester: { name: 'Uma' }, status: 'pending' }],
      entry: { name: 'Ivy', sectors: ['water'] },
    },
  });
  t.is((await uma.post(`/api/intro-requests/${id}/accept`)).status, 404, 'not his to answer');
  t.is((await server.nobody.post(`/api/intro-requests/${id}/accept`)).status, 401);
  t.is((await ivy.post('/api/intro-requests/x/accept')).status, 400);
  const answers = await Promise.all(
    ['accept', 'decline'].map((verb) => ivy.post(`/api/intro-requests/${id}/${verb}`)),
  );
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  const how = answers.find(({ status }) => status === 200)?.json.status as string;
  const { stats } = (await uma.get('/api/prefetch/bootstrap')).json;
  t.like(stats, { introsSent: { pending: 0, [how]: 1 } });
  t.like((await uma.get('/api/notifications')).json, { notifications: [{ kind: `intro-${how}` }] });
  t.is((await uma.post('/api/intro-requests', ask)).status, 201, 'again after the answer');
});

test('who is no investor cannot be asked, and nobody asks himself or for what is not his', async (t) => {
  const server = await appServer(t);
  const { uma, ivy, admin } = await people(server);
  const his = (await ivy.post('/api/projects', { title: 'Ship' })).json.id;
  const ask = (body: unknown) => uma.post('/api/intro-requests', body);
  t.is((await ask({ investorId: randomUUID(), message: 'x' })).status, 404);
  t.is((await ask({ investorId: ivy.id, projectId: his, message: 'x' })).status, 404);
  t.is((await ask({ investorId: 'ivy', message: 'x' })).status, 400);
  const self = { investorId: ivy.id, message: 'x' };
  t.is((await ivy.post('/api/intro-requests', self)).status, 400);
  const { id } = (await ask({ investorId: ivy.id, message: 'x' })).json;
  t.is((await admin.post(`/api/intro-requests/${id}/decline`)).json.status, 'declined');
  t.is((await uma.put('/api/investors/me', ENTRY)).status, 403, 'not of the role investor');
});

test('a dashboard has a part for each role, and none of another', async (t) => {
  const server = await appServer(t);
  const { uma, ivy, admin } = await people(server);
  const val = await server.person('Val', ['validator']);
  const { id } = (await uma.post('/api/projects', { title: 'Boat' })).json;
  await val.put(`/api/projects/${id}/badge`, { note: 'seen' });
  await uma.post('/api/intro-requests', { investorId: ivy.id, message: 'x' });
  const said = (await uma.post('/api/feedback', { body: 'Well done' })).json;
  const path = '/api/prefetch/dashboard-data';
  t.like((await uma.get(path)).json, {
    ...{ admin: null, investor: null, validator: null },
    ...{ stats: { projects: 1, badges: 1 }, myProjects: [{ id, badges: 1 }] },
  });
  t.like((await val.get(path)).json, {
    ...{ admin: null, investor: null },
    validator: { badgesAwarded: 1, newestBadges: [{ projectId: id, note: 'seen' }] },
  });
  t.like((await admin.get(path)).json, {
    admin: {
      pendingFeedback: 1,
      pendingUsers: 0,
      intros: { pending: 1, accepted: 0, declined: 0 },
      totals: { members: 4, projects: 1, chains: 0, investors: 1 },
      feedback: [{ id: said.id, body: 'Well done', author: { name: 'Uma' } }],
      pendingIntros: [{ requester: { name: 'Uma' } }],
    },
    ...{ investor: null, validator: null },
  });
  const handle = `/api/feedback/${said.id}/handle`;
  t.is((await uma.post(handle)).status, 403);
  t.is((await server.nobody.post(handle)).status, 401);
  t.is((await admin.post('/api/feedback/0/handle')).status, 400);
  t.is((await admin.post('/api/feedback/999/handle')).status, 404);
  t.is((await admin.post(handle)).json.status, 'handled');
  t.is((await admin.post(handle)).json.status, 'handled', 'twice is once');
  t.like((await admin.get(path)).json, { admin: { pendingFeedback: 0, feedback: [] } });
  t.is((await server.nobody.get(path)).status, 401);
});
