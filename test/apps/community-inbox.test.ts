import test from 'ava';
import { appServer } from '../helpers/app-server.js';
import { until } from '../helpers/wait.js';

type Notification = { id: number; kind: string; link: string; actor: { name: string } };
type Conversation = {
  id: number;
  unread: number;
  with: { name: string };
  lastMessage: { body: string };
};

test('what happens to somebody is told to him alone, and is read up to where he looked', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const { id } = (await uma.post('/api/projects', { title: 'Boat' })).json;
  await vic.post(`/api/projects/${id}/comments`, { body: 'Nice' });
  await uma.post(`/api/projects/${id}/comments`, { body: 'Thanks' });
  await vic.put(`/api/users/${uma.id}/follow`);
  await vic.put(`/api/users/${uma.id}/follow`);
  const seen = (await uma.get('/api/notifications')).json;
  t.is(seen.unread, 2);
  const list = seen.notifications as Notification[];
  t.deepEqual(
    list.map(({ kind }) => kind),
    ['follow', 'comment'],
  );
  t.like(list[1], { link: `/api/projects/${id}`, actor: { name: 'Vic' }, readAt: null });
  t.like((await vic.get('/api/notifications')).json, { unread: 0, notifications: [] });
  t.is((await uma.post('/api/notifications/read', { upTo: list[1]?.id })).json.unread, 1);
  const older = (await uma.get(`/api/notifications?after=${list[0]?.id}`)).json;
  t.is((older.notifications as Notification[]).length, 1);
  t.is((await uma.post('/api/notifications/read', {})).json.unread, 0);
  t.is((await nobody.get('/api/notifications')).status, 401);
  t.is((await uma.get('/api/notifications?after=x')).status, 400);
});

test('whoever has seen a notification has seen all that came before it, however long their writers took', async (t) => {
  const { database, person } = await appServer(t);
  const [uma, vic, wim] = await Promise.all([person('Uma'), person('Vic'), person('Wim')]);
  const { id } = (await uma.post('/api/projects', { title: 'Boat' })).json;
  const slow = await database.client('slow');
  await slow.query('begin');
  await slow.query(`select community.comment($1, $2, 'slow')`, [vic.id, id]);
  const quick = wim.post(`/api/projects/${id}/comments`, { body: 'quick' });
  // Others' are told meanwhile.
  t.is((await vic.put(`/api/users/${wim.id}/follow`)).status, 200);
  await until(
    async () =>
      (await database.sql(`select from pg_locks where locktype = 'advisory' and not granted`))
        .length > 0,
  );
  t.is((await uma.get('/api/notifications')).json.unread, 0);
  await slow.query('commit');
  t.is((await quick).status, 201);
  const list = (await uma.get('/api/notifications')).json.notifications as Notification[];
  t.deepEqual(
    list.map(({ actor }) => actor.name),
    ['Wim', 'Vic'],
  );
});

test('a message is unread until its receiver reads it, in the list and in the open stream', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic, wim] = await Promise.all([person('Uma'), person('Vic'), person('Wim')]);
  const stream = await uma.stream(`/v1/stream?topic=community_unread_messages:${uma.id}`);
  const shows = (value: number) =>
    stream.recorder.until(
      ({ event, data }) =>
        event === 'update' && (JSON.parse(data) as { value: number }).value === value,
      { what: `${value} unread` },
    );
  const sent = await vic.post('/api/direct-messages', { to: uma.id, body: 'Hello' });
  t.is(sent.status, 201);
  await shows(1);
  await wim.post('/api/direct-messages', { to: uma.id, body: 'Hi' });
  const more = await vic.post('/api/direct-messages', { to: uma.id, body: 'Are you there?' });
  await shows(3);
  const path = '/api/direct-messages/conversations';
  const { unread, conversations } = (await uma.get(path)).json;
  t.is(unread, 3);
  const [first, second] = conversations as Conversation[];
  t.like(first, { unread: 2, with: { name: 'Vic' }, lastMessage: { body: 'Are you there?' } });
  t.like(second, { unread: 1, with: { name: 'Wim' } });
  const one = `${path}/${first?.id}`;
  t.like((await uma.get(one)).json, {
    messages: [
      { body: 'Are you there?', senderId: vic.id },
      { body: 'Hello', senderId: vic.id },
    ],
  });
  t.is(((await uma.get(`${one}?after=${more.json.id}`)).json.messages as unknown[]).length, 1);
  const read = await uma.post(`${one}/read`, { upTo: sent.json.id });
  t.deepEqual(read.json, { conversationId: first?.id, unread: 1, unreadInAll: 2 });
  t.is((await uma.post(`${one}/read`, {})).json.unreadInAll, 1);
  await shows(1);
  t.like((await vic.get(path)).json, { unread: 0, conversations: [{ with: { name: 'Uma' } }] });
  t.is((await wim.get(one)).status, 404);
  t.is((await wim.post(`${one}/read`, {})).status, 404);
  t.is((await nobody.get(one)).status, 401);
  t.is((await nobody.get(path)).status, 401);
  t.is((await nobody.post(`${one}/read`, {})).status, 401);
  t.is((await uma.get(`${path}?after=-1`)).status, 400);
  t.is((await uma.post('/api/direct-messages', { to: uma.id, body: 'x' })).status, 400);
  const away = '00000000-0000-4000-8000-000000000000';
  t.is((await uma.post('/api/direct-messages', { to: away, body: 'x' })).status, 404);
  t.is((await vic.get(`/v1/counters/community_unread_messages/${uma.id}`)).status, 403);
  stream.close();
});

test('two who write to each other at the same moment have one conversation', async (t) => {
  const { database, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, at) => {
      const [from, to] = at % 2 === 0 ? [uma, vic] : [vic, uma];
      return from.post('/api/direct-messages', { to: to.id, body: `No. ${at}` });
    }),
  );
  t.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
  t.is(new Set(answers.map(({ json }) => json.conversationId)).size, 1);
  const { conversations } = (await uma.get('/api/direct-messages/conversations')).json;
  const last = Math.max(...answers.map(({ json }) => Number(json.id)));
  t.like(conversations, [{ unread: 3, lastMessage: { id: last } }]);
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
});
