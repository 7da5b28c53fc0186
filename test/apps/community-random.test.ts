import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { until } from '../helpers/wait.js';

const STEPS = 20;
const PROJECTS = 12;
const CHAINS = 4;

type Cast = { readonly users: readonly Somebody[]; readonly investor: Somebody };

/** The same each time for the same user, but who comes first is left to chance. */
async function live({ users, investor }: Cast, at: number): Promise<void> {
  const user = users[at] as Somebody;
  let seed = at * 7919 + 1;
  const below = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * n);
  };
  const project = () => `/api/projects/${1 + below(PROJECTS)}`;
  const chain = () => `/api/chains/${1 + below(CHAINS)}`;
  const other = () => users[below(users.length)]?.id;
  const deeds = [
    () => user.put(`${project()}/vote`),
    () => user.put(`${project()}/vote`),
    () => user.delete(`${project()}/vote`),
    () => user.post(`${project()}/comments`, { body: 'x' }),
    () => user.put(`${project()}/badge`, { note: 'x' }),
    () => user.post('/api/projects', { title: 'More' }),
    () => user.delete(project()),
    () => user.put(`${chain()}/follow`),
    () => user.delete(`${chain()}/follow`),
    () => user.post(`${chain()}/posts`, { body: 'x' }),
    () => user.put(`${chain()}/projects/${1 + below(PROJECTS)}`),
    () => user.put(`/api/users/${other()}/follow`),
    () => user.delete(`/api/users/${other()}/follow`),
    () => user.post('/api/direct-messages', { to: other(), body: 'x' }),
    () => user.post(`/api/direct-messages/conversations/${1 + below(20)}/read`, {}),
    () => user.post('/api/notifications/read', {}),
    () => user.post('/api/intro-requests', { investorId: investor.id, message: 'x' }),
    () => investor.post(`/api/intro-requests/${1 + below(10)}/${below(2) ? 'accept' : 'decline'}`),
    () => user.post('/api/feedback', { body: 'x' }),
  ];
  for (let step = 0; step < STEPS; step += 1) {
    const answer = await deeds[below(deeds.length)]?.();
    if (answer !== undefined && answer.status >= 500) throw new Error(answer.text);
  }
}

async function cast(server: AppServer): Promise<Cast> {
  const users = await Promise.all(
    Array.from({ length: 20 }, (_, at) => server.person(`U${at}`, ['validator'])),
  );
  const investor = await server.person('Ivy', ['investor']);
  await investor.put('/api/investors/me', {
    ...{ type: 'individual', name: 'Ivy', minCheck: 1, maxCheck: 2 },
  });
  for (let at = 0; at < PROJECTS; at += 1) {
    await users[at]?.post('/api/projects', { title: `Project ${at}` });
  }
  for (let at = 0; at < CHAINS; at += 1) {
    await users[at]?.post('/api/chains', { title: `Chain ${at}` });
  }
  return { users, investor };
}

/** Counted from the rows, by nothing of the application's. */
const RECOUNT = `
  select jsonb_build_object(
    'projects', (select count(*) from community.projects where owner_id = u.id),
    'comments', (select count(*) from community.comments where author_id = u.id),
    'badges', (select count(*) from community.badges b join community.projects p
               on p.id = b.project_id where p.owner_id = u.id),
    'votesReceived', (select count(*) from community.votes v join community.projects p
                      on p.id = v.project_id where p.owner_id = u.id),
    'followers', (select count(*) from community.follows where followed_id = u.id),
    'following', (select count(*) from community.follows where follower_id = u.id)
  ) as stats, jsonb_build_object(
    'notifications', (select count(*) from community.notifications
                      where receiver_id = u.id and read_at is null),
    'messages', (select count(*) from community.receipts
                 where receiver_id = u.id and read_at is null)
  ) as unread
  from accounts.users u where u.id = $1`;

const BOARD = `
  select p.id::int, count(*)::int as votes
  from community.votes v join community.projects p on p.id = v.project_id
  group by p.id order by count(*) desc, p.id::text collate "C"`;

test('after 20 users at random each number is what a recount says', async (t) => {
  const server = await appServer(t);
  const { database, nobody } = server;
  const all = await cast(server);
  const [first] = all.users;
  const stream = await nobody.stream('/v1/stream?topic=leaderboard_projects:week');
  await Promise.all(all.users.map((_, at) => live(all, at)));
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  for (const user of all.users) {
    const [recount] = await database.sql<{ stats: object; unread: object }>(RECOUNT, [user.id]);
    const { stats, unread } = (await user.get('/api/prefetch/bootstrap')).json;
    t.like(stats, recount?.stats ?? {});
    t.deepEqual(unread, recount?.unread);
  }
  const expected = JSON.stringify((await database.sql(BOARD)).map((row) => Object.values(row)));
  type Entry = { votesInPeriod: number; project: { id: number } };
  const shown = (entries: readonly Entry[]) =>
    JSON.stringify(entries.map((one) => [one.project.id, one.votesInPeriod]));
  for (const period of ['week', 'month', 'all_time']) {
    const path = `/api/leaderboard/projects?period=${period}&limit=100`;
    await until(async () => shown((await nobody.get(path)).json.entries as Entry[]) === expected, {
      what: `the board of ${period}: ${expected}`,
    });
  }
  const { recorder } = stream;
  await until(
    () => {
      const last = recorder.frames.findLast(({ event }) => event === 'update');
      return (
        shown((JSON.parse(last?.data ?? '{"body":[]}') as { body: Entry[] }).body) === expected
      );
    },
    { what: 'the board in the stream' },
  );
  t.deepEqual(recorder.faults, []);
  stream.close();
  t.is((await first?.get('/api/prefetch/bootstrap'))?.status, 200);
});

test('a start is one statement, and says all that the lists say', async (t) => {
  const server = await appServer(t);
  const { database, nobody } = server;
  const { users } = await cast(server);
  const [uma, vic] = users as [Somebody, Somebody];
  await vic.post('/api/direct-messages', { to: uma.id, body: 'Hello' });
  await vic.post('/api/projects/1/comments', { body: 'Nice' });
  const { stats, unread, ...start } = await until(
    async () => {
      const { json } = await uma.get('/api/prefetch/bootstrap');
      return (json.trendingChains as unknown[]).length === CHAINS && json;
    },
    { what: 'the document of the trending chains' },
  );
  t.like(stats, { projects: 1, introsSent: { pending: 0 } });
  t.deepEqual(unread, { notifications: 1, messages: 1 });
  const own = (await nobody.get(`/api/users/${uma.id}`)).json.newestProjects;
  t.deepEqual(start.myProjects, own);
  const list = async (path: string) => (await uma.get(path)).json;
  t.deepEqual(start.notifications, (await list('/api/notifications')).notifications);
  const { conversations } = await list('/api/direct-messages/conversations');
  t.deepEqual(start.conversations, conversations);
  const ids = (chains: unknown) => (chains as { id: number }[]).map(({ id }) => id);
  t.deepEqual(ids(start.trendingChains), ids((await list('/api/chains?sort=trending')).chains));
  t.is((await nobody.get('/api/prefetch/bootstrap')).status, 401);
  await database.sql('drop function community.bootstrap(uuid)');
  t.is((await uma.get('/api/prefetch/bootstrap')).status, 404, 'nothing else is asked');
});
