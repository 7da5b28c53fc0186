import test from 'ava';
import { appServer, type Somebody } from '../helpers/app-server.js';
import { unfill } from '../helpers/engine.js';
import { until } from '../helpers/wait.js';

type Card = { readonly id: number; readonly title: string; readonly votes: number };
type FeedPage = { readonly projects: readonly Card[]; readonly next: string | null };

const feed = async (who: Somebody, query: string) =>
  (await who.get(`/api/projects?${query}`)).json as FeedPage;
const idsOf = ({ projects }: FeedPage) => projects.map(({ id }) => id);

test('the feed is the whole of it, page by page and then by cursor, with nothing twice', async (t) => {
  const { database, nobody, person } = await appServer(t);
  const uma = await person('Uma');
  // At once: a document that is built between them would stand for a second.
  await database.sql(
    `with projects as (
       insert into community.projects (owner_id, title)
       select $1, 'P' || g from generate_series(1, 90) g returning id, owner_id
     ), voters as (
       insert into accounts.users (email, name, status, decided_at)
       select 'v' || g || '@example.org', 'V', 'approved', now() from generate_series(1, 4) g
       returning id, email
     )
     insert into community.votes (project_id, owner_id, user_id, voted_at, recency)
     select p.id, p.owner_id, u.id, now() - make_interval(days => (p.id % 3 * 5)::int),
       case when p.id % 3 < 2 then 'week' else 'month' end
     from projects p, (select id, row_number() over (order by email) n from voters) u
     where u.n <= p.id % 5 and p.id > 30`,
    [uma.id],
  );
  const expected = {
    newest: await database.sql<{ id: string }>(
      'select id from community.projects order by id desc',
    ),
    trending: await database.sql<{ id: string }>(
      `select p.id from community.projects p
       left join (select project_id, count(*) n from community.votes
                  where voted_at > now() - interval '7 days' group by 1) v on v.project_id = p.id
       order by coalesce(n, 0) desc, case when n > 0 then p.id::text end collate "C", p.id desc`,
    ),
  };
  for (const sort of ['newest', 'trending'] as const) {
    const ids: number[] = [];
    let last = '';
    for (const page of [1, 2, 3]) {
      const one = await feed(nobody, `sort=${sort}&page=${page}`);
      t.is(one.projects.length, 20);
      ids.push(...idsOf(one));
      last = one.next ?? '';
    }
    for (let more = 0; more < 3 && last !== ''; more += 1) {
      const one = await feed(nobody, `sort=${sort}&after=${last}`);
      ids.push(...idsOf(one));
      last = one.next ?? '';
    }
    t.deepEqual(
      ids,
      expected[sort].map(({ id }) => Number(id)),
      sort,
    );
  }
  for (const query of ['sort=best', 'page=4', 'page=0', 'after=x', 'sort=newest&after=v/1/1']) {
    t.is((await nobody.get(`/api/projects?${query}`)).status, 400, query);
  }
});

test('a stream of the feed shows a vote, a comment and a new project', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic] = await Promise.all([person('Uma'), person('Vic')]);
  const { id } = (await uma.post('/api/projects', { title: 'Boat' })).json;
  const stream = await nobody.stream('/v1/stream?topic=community_feed:trending');
  const shows = (what: string, wished: (first: Record<string, unknown>) => boolean) =>
    stream.recorder.until(
      ({ event, data }) => {
        if (event !== 'update') return false;
        const { body } = JSON.parse(data) as { body: [{ projects: Record<string, unknown>[] }] };
        return body[0].projects.some(wished);
      },
      { what },
    );
  await vic.put(`/api/projects/${id}/vote`);
  await shows('the vote', (project) => project.id === id && project.votes === 1);
  await vic.post(`/api/projects/${id}/comments`, { body: 'Nice' });
  await shows('the comment', (project) => project.id === id && project.comments === 1);
  await vic.post('/api/projects', { title: 'Ship' });
  await shows('the project', (project) => project.title === 'Ship');
  t.deepEqual(stream.recorder.faults, []);
  stream.close();
});

test('a project and a profile are exact at once', async (t) => {
  const { nobody, person } = await appServer(t);
  const [uma, vic, val] = await Promise.all([
    person('Uma'),
    person('Vic'),
    person('Val', ['validator']),
  ]);
  const made = await uma.post('/api/projects', { title: 'Boat', description: 'It floats.' });
  const path = `/api/projects/${made.json.id}`;
  for (let remark = 1; remark <= 22; remark += 1) {
    await vic.post(`${path}/comments`, { body: `No. ${remark}` });
  }
  await vic.put(`${path}/vote`);
  await val.put(`${path}/badge`, {});
  await vic.put(`/api/users/${uma.id}/follow`);
  const project = await nobody.get(path);
  t.like(project.json, { description: 'It floats.', votes: 1, comments: 22, badges: 1 });
  const remarks = project.json.remarks as { id: number; body: string; author: unknown }[];
  t.is(remarks.length, 20);
  t.like(remarks[0], { body: 'No. 22', author: { id: vic.id, name: 'Vic' } });
  const rest = await nobody.get(`${path}?after=${remarks.at(-1)?.id}`);
  t.deepEqual(
    (rest.json.remarks as { body: string }[]).map(({ body }) => body),
    ['No. 2', 'No. 1'],
  );
  const etag = project.headers.get('etag') ?? '';
  t.is((await nobody.get(path, { 'if-none-match': etag })).status, 304);
  t.like((await nobody.get(`/api/users/${vic.id}`)).json, { comments: 22, following: 1 });
  t.like((await nobody.get(`/api/users/${val.id}`)).json, { badgesAwarded: 1 });
  const own = { projects: 1, votesReceived: 1, badgesReceived: 1, followers: 1 };
  await until(async () => (await nobody.get(`/api/users/${uma.id}`)).json.followers === 1 && true, {
    what: 'the profile of one of the 20',
  });
  t.like((await nobody.get(`/api/users/${uma.id}`)).json, own);
  t.is((await nobody.get('/api/projects/999999')).status, 404);
  t.is((await nobody.get('/api/projects/x')).status, 400);
  t.is((await nobody.get('/api/users/00000000-0000-4000-8000-000000000000')).status, 404);
  t.is((await nobody.get('/api/users/uma')).status, 400);
});

test('a profile is shown while the document of the twenty cannot be built', async (t) => {
  const { nobody, person, database } = await appServer(t);
  const uma = await person('Uma');
  await unfill(database.sql, 'community_votes_received');
  await database.sql(`delete from tally.documents d using tally.summary_definitions s
    where s.id = d.summary and s.name = 'community_top_profiles'`);
  const shown = await nobody.get(`/api/users/${uma.id}`);
  t.is(shown.status, 200, shown.text);
  t.like(shown.json, { name: 'Uma', votesReceived: null });
});

test('chains are read by what they won lately, by age and by followers, and so are their posts', async (t) => {
  const { database, nobody, person } = await appServer(t);
  const uma = await person('Uma');
  await database.sql(
    `insert into community.chains (owner_id, title) select $1, 'C' || g from generate_series(1, 25) g`,
    [uma.id],
  );
  await database.sql(
    `insert into community.chain_followers (chain_id, user_id) select id, $1 from community.chains
     where title <> 'C7'`,
    [uma.id],
  );
  const ids = async (query: string) => {
    const { chains, next } = (await nobody.get(`/api/chains?${query}`)).json;
    return { ids: (chains as { id: number }[]).map(({ id }) => id), next: next as string | null };
  };
  const newest = await ids('sort=newest');
  t.deepEqual(
    newest.ids,
    Array.from({ length: 20 }, (_, at) => 25 - at),
  );
  t.deepEqual(await ids(`sort=newest&after=${newest.next}`), { ids: [5, 4, 3, 2, 1], next: null });
  const most = await ids('sort=followers');
  const last = await ids(`sort=followers&after=${most.next}`);
  t.is(new Set([...most.ids, ...last.ids]).size, 24);
  t.false([...most.ids, ...last.ids].includes(7));
  t.is((await ids('sort=trending')).ids.length, 20);
  await uma.post('/api/chains/7/posts', { body: 'Hello' });
  const { chain, posts } = (await nobody.get('/api/chains/7/posts')).json;
  t.like(chain, { id: 7, posts: 1 });
  t.like(posts, [{ body: 'Hello', author: { id: uma.id, name: 'Uma' } }]);
  t.is((await nobody.get('/api/chains/999/posts')).status, 404);
  t.is((await nobody.get('/api/chains?sort=best')).status, 400);
  t.is((await nobody.get('/api/chains?sort=newest&after=f/1/1')).status, 400);
});
