import test from 'ava';
import { type AppServer, appServer } from '../helpers/app-server.js';
import { people } from '../helpers/calls.js';
import { testDatabase } from '../helpers/database.js';
import { failure, refill, unfill } from '../helpers/engine.js';
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

/** What each document of the community reads. */
const CARDS = ['community_votes', 'community_comments_on', 'community_badges_on'];
const CHAIN_CARDS = [
  'community_chain_projects',
  'community_chain_followers',
  'community_chain_posts',
];
const DOCUMENTS: readonly [summary: string, scope: string, counters: readonly string[]][] = [
  ['community_feed', 'trending', ['community_votes_week', ...CARDS]],
  ['community_feed', 'newest', CARDS],
  ['leaderboard_projects', 'all_time', CARDS],
  ['leaderboard_projects', 'month', ['community_votes_month', ...CARDS]],
  ['leaderboard_projects', 'week', ['community_votes_week', ...CARDS]],
  [
    ...(['leaderboard_users', ''] as const),
    [
      ...['community_votes_received', 'community_projects_of', 'community_badges_of'],
      'community_followers',
    ],
  ],
  ['leaderboard_chains', '', CHAIN_CARDS],
  ['community_trending_chains', '', ['community_chain_follows_week', ...CHAIN_CARDS]],
  [
    ...(['leaderboard_trending', ''] as const),
    ['community_votes_week', 'community_votes_received', ...CARDS, ...CHAIN_CARDS],
  ],
  [
    ...(['community_top_profiles', ''] as const),
    [
      ...['community_votes_received', 'community_projects_of', 'community_comments_of'],
      ...['community_badges_of', 'community_badges_by', 'community_followers'],
      ...['community_following', ...CARDS],
    ],
  ],
  [
    ...(['community_investor_stats', ''] as const),
    ['community_investors', 'community_investors_by_type', 'community_investors_by_sector'],
  ],
];

test('no document is built of a counter that is not filled', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const builders = new Map(
    (
      await sql<{ name: string; builder: string }>(
        `select name, regexp_replace(builder::text, '\\(.*', '') as builder
         from tally.summary_definitions`,
      )
    ).map(({ name, builder }) => [name, builder]),
  );
  const shown = DOCUMENTS.flatMap(([, , counters]) => counters);
  for (const counter of new Set(shown)) {
    await unfill(sql, counter);
    for (const [summary, scope, counters] of DOCUMENTS) {
      if (!counters.includes(counter)) continue;
      const what = `${summary} ${scope}: ${counter}`;
      const error = await failure(sql(`select ${builders.get(summary)}('${scope}')`), what);
      t.like(error, { code: 'TA503', column: 'filling', detail: counter }, what);
    }
    await refill(sql, counter);
    await until(async () => {
      await sql('call tally.tick()');
      return (await sql('select from tally.unfilled')).length === 0;
    });
  }
  for (const [summary, scope] of DOCUMENTS) {
    await t.notThrowsAsync(sql(`select ${builders.get(summary)}('${scope}')`), summary);
  }
});

test('a board that is due while its counter is filled stays, and comes right by itself', async (t) => {
  const { sql } = await testDatabase(t, { template: 'apps' });
  const [uma = { id: '' }, vic = { id: '' }] = await people(sql, 2);
  const created = async (title: string) =>
    (
      await sql<{ id: number }>(
        `select (community.create_project($1, $2, '') ->> 'id')::int as id`,
        [uma.id, title],
      )
    )[0]?.id ?? 0;
  const [one, two] = [await created('One'), await created('Two')];
  const vote = (who: { id: string }, project: number) =>
    sql('select community.vote($1, $2, true)', [who.id, project]);
  const stands = async () => {
    const [row] = await sql<{ board: [number, number][] }>(
      `select jsonb_agg(jsonb_build_array(e #> '{project,id}', e -> 'votesInPeriod')) as board
       from jsonb_array_elements(tally.read_summary('leaderboard_projects', 'week')) e`,
    );
    return row?.board;
  };
  await vote(vic, one);
  await sql('call tally.tick()');
  t.deepEqual(await stands(), [[one, 1]]);
  await unfill(sql, 'community_votes_week');
  await vote(uma, two);
  await vote(vic, two);
  const failed = await until(async () => {
    await sql('call tally.tick()');
    const [row] = await sql<{ error: string }>(
      `select error from tally.summaries where name = 'leaderboard_projects' and error is not null`,
    );
    return row;
  });
  t.regex(failed.error, /Cannot be counted now: community_votes_week/);
  t.deepEqual(await stands(), [[one, 1]], 'the last one stands');
  await refill(sql, 'community_votes_week');
  const right = JSON.stringify([
    [two, 2],
    [one, 1],
  ]);
  await until(async () => {
    await sql('call tally.tick()');
    return JSON.stringify(await stands()) === right;
  });
  t.deepEqual(await sql('select * from tally.verify()'), []);
});

test('a page whose counter is not filled is a 503 that names it, and so is one without a document', async (t) => {
  const { nobody, person, database } = await appServer(t);
  const uma = await person('Uma');
  const chain = (await uma.post('/api/chains', { title: 'Water' })).json.id;
  await uma.put(`/api/chains/${chain}/follow`);
  const followed = '/api/chains?sort=followers';
  const cursor = `/api/projects?sort=trending&after=v/5/${1}`;
  t.is((await nobody.get(followed)).status, 200);
  for (const [counter, path] of [
    ['community_chain_followers', followed],
    ['community_votes_week', cursor],
  ] as const) {
    await unfill(database.sql, counter);
    const answer = await nobody.get(path);
    const type = '/problems/counter-filling';
    t.like(answer.json, { status: 503, type, topics: [counter] });
    t.is(answer.headers.get('retry-after'), '1');
  }
  // Not there, and not to be built now.
  await database.sql(`delete from tally.documents where scope = 'week'`);
  const board = await nobody.get('/api/leaderboard/projects?period=week');
  t.like(board.json, { status: 503, type: '/problems/counter-broken' });
  await refill(database.sql, 'community_chain_followers');
  await until(async () => (await nobody.get(followed)).status === 200);
});

test('a vote whose time is moved is on the boards of its new time', async (t) => {
  const server = await appServer(t);
  const { database, person } = server;
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const { id } = (await uma.post('/api/projects', { title: 'One' })).json;
  await vic.put(`/api/projects/${id}/vote`);
  const counted = async (week: number, month: number) => {
    await until(
      async () => {
        const [row] = await database.sql<{ week: string; month: string }>(
          `select coalesce(max(c.value) filter (where c.name = 'community_votes_week'), 0) as week,
             coalesce(max(c.value) filter (where c.name = 'community_votes_month'), 0) as month
           from tally.counters c where c.scope = $1`,
          [String(id)],
        );
        return Number(row?.week) === week && Number(row?.month) === month;
      },
      { what: `${week} in the week, ${month} in the month` },
    );
  };
  const move = (age: string) =>
    database.sql(`update community.votes set voted_at = now() - $1::interval`, [age]);
  await counted(1, 1);
  await move('40 days');
  await counted(0, 0);
  await move('8 days');
  await counted(0, 1);
  await move('0');
  await counted(1, 1);
  t.pass();
});
