import test from 'ava';
import { type AppServer, appServer } from '../helpers/app-server.js';
import { until } from '../helpers/wait.js';

type Entry = { readonly rank: number; readonly votesInPeriod: number; project: { id: number } };

async function board({ nobody }: AppServer, query: string): Promise<[number, number][]> {
  const { entries } = (await nobody.get(`/api/leaderboard/projects?${query}`)).json;
  return (entries as Entry[]).map((one) => [one.project.id, one.votesInPeriod]);
}

test('a vote leaves the board of the week after 7 days, and that of the month after 30', async (t) => {
  const server = await appServer(t);
  const { database, person } = server;
  const uma = await person('Uma');
  // One after the other: of equals the lower id comes first.
  const create = async (title: string) =>
    (await uma.post('/api/projects', { title })).json.id as number;
  const one = await create('One');
  const two = await create('Two');
  const voters = await Promise.all([person('A'), person('B'), person('C')]);
  const ages = ['1 minute', '6 days 23:50', '29 days 23:50'];
  for (const [at, { id }] of voters.entries()) {
    await database.sql(
      `insert into community.votes (project_id, owner_id, user_id, voted_at)
       select p.id, p.owner_id, $2, now() - $3::interval from community.projects p where p.id = $1`,
      [one, id, ages[at]],
    );
  }
  await voters[0]?.put(`/api/projects/${two}/vote`);
  const is = (query: string, expected: [number, number][]) =>
    until(async () => JSON.stringify(await board(server, query)) === JSON.stringify(expected), {
      what: `${query}: ${JSON.stringify(expected)}`,
    });
  await is('period=all_time', [
    [one, 3],
    [two, 1],
  ]);
  await is('period=month', [
    [one, 3],
    [two, 1],
  ]);
  await is('period=week', [
    [one, 2],
    [two, 1],
  ]);
  t.deepEqual(await board(server, 'period=week&limit=1'), [[one, 2]]);
  const older = `update community.votes set voted_at = voted_at - interval '601 seconds'`;
  await database.sql(older);
  await is('period=month', [
    [one, 2],
    [two, 1],
  ]);
  await is('period=week', [
    [one, 1],
    [two, 1],
  ]);
  await is('period=all_time', [
    [one, 3],
    [two, 1],
  ]);
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  for (const query of ['period=day', 'limit=0', 'limit=101']) {
    t.is((await server.nobody.get(`/api/leaderboard/projects?${query}`)).status, 400, query);
  }
});

test('boards of users and of chains, and ten of each in one, follow what is voted and followed', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const project = (await uma.post('/api/projects', { title: 'Boat' })).json.id;
  const chain = (await uma.post('/api/chains', { title: 'Water' })).json.id;
  await vic.put(`/api/projects/${project}/vote`);
  await vic.put(`/api/chains/${chain}/follow`);
  const shows = async (path: string, wished: (json: never) => boolean) =>
    await until(async () => wished((await nobody.get(path)).json as never), { what: path });
  type Users = { entries: { id: string; votesReceived: number; rank: number }[] };
  await shows('/api/leaderboard/users', ({ entries: [first] }: Users) => first?.id === uma.id);
  type Chains = { entries: { chain: { id: number; followers: number } }[] };
  await shows(
    '/api/leaderboard/chains?limit=5',
    ({ entries: [first] }: Chains) => first?.chain.followers === 1,
  );
  type Trending = { projects: { votes: number }[]; users: unknown[]; chains: unknown[] };
  await shows(
    '/api/leaderboard/trending',
    ({ projects, users, chains }: Trending) =>
      projects[0]?.votes === 1 && users.length === 1 && chains.length === 1,
  );
  t.is((await nobody.get('/api/leaderboard/users?limit=x')).status, 400);
  t.is((await nobody.get('/api/leaderboard/chains?limit=1000')).status, 400);
});
