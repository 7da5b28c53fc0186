import { createCache } from './cache.js';
import { serve } from './serve.js';

// Pages from a cache with a time to live of an hour, which a warmer fills anew every five minutes:
// the feed, the leaderboards, the first profiles, trending chains. Counts are columns.
const TTL_SECONDS = 3600;
const WARM_MS = 300_000;

await serve(async (pool) => {
  const cache = createCache();
  const rows = async (text, values = []) => (await pool.query(text, values)).rows;
  const count = async (text, values) => Number((await rows(text, values))[0].count);

  const CARDS = `select p.id, p.title, left(p.description, 300) as summary, p.created_at,
      p.vote_count, p.comment_count, u.id as owner_id, u.name as owner_name
    from replaced.projects as p join replaced.people as u on u.id = p.owner_id`;
  const WEEK = `(select project_id, count(*) as votes from replaced.votes
    where voted_at > now() - interval '7 days' group by project_id) as w`;
  const card = (row) => ({
    id: Number(row.id),
    owner: { id: row.owner_id, name: row.owner_name },
    title: row.title,
    votes: row.vote_count,
    comments: row.comment_count,
    summary: row.summary,
    createdAt: row.created_at,
  });
  const cards = async (rest, values) => (await rows(`${CARDS} ${rest}`, values)).map(card);

  const trending = (limit, offset) =>
    cards(
      `left join ${WEEK} on w.project_id = p.id
           order by coalesce(w.votes, 0) desc, p.id desc limit $1 offset $2`,
      [limit, offset],
    );
  const newest = (limit, offset) =>
    cards('order by p.created_at desc limit $1 offset $2', [limit, offset]);
  const chains = (limit) =>
    rows('select * from replaced.chains order by follower_count desc limit $1', [limit]);
  const users = (limit) =>
    rows(
      `select u.id, u.name, sum(p.vote_count)::int as votes from replaced.people as u
          join replaced.projects as p on p.owner_id = u.id
          group by u.id order by votes desc limit $1`,
      [limit],
    );

  const PAGES = {
    'leaderboard projects': () => cards('order by p.vote_count desc limit 50'),
    'leaderboard users': () => users(50),
    'trending chains': () => chains(20),
    'leaderboard trending': async () => {
      const [projects, first, liked] = await Promise.all([trending(10, 0), users(10), chains(10)]);
      return { projects, users: first, chains: liked };
    },
  };
  for (const [at, offset] of [0, 20, 40].entries()) {
    PAGES[`feed trending ${at + 1}`] = () => trending(20, offset);
    PAGES[`feed newest ${at + 1}`] = () => newest(20, offset);
  }
  const page = (key) => cache.get(key, TTL_SECONDS, PAGES[key]);

  const warm = async () => {
    for (const key of Object.keys(PAGES)) {
      cache.invalidate(key);
      await page(key);
    }
    const first = await users(20);
    for (const { id } of first) {
      await rows('select * from replaced.people where id = $1', [id]);
      await cards('where p.owner_id = $1 order by p.created_at desc limit 10', [id]);
    }
  };
  await warm();
  setInterval(() => void warm(), WARM_MS);

  return {
    'GET /api/projects': ({ query }) => page(`feed ${query.sort} ${query.page}`),
    'GET /api/leaderboard/trending': () => page('leaderboard trending'),
    'GET /api/prefetch/bootstrap': ({ me }) => bootstrapOf(me, { rows, count, cards, page }),
    'POST /vote': async ({ me, body }) => {
      await pool.query('insert into replaced.votes values ($1, $2, now())', [body.project, me]);
      await pool.query('update replaced.projects set vote_count = vote_count + 1 where id = $1', [
        body.project,
      ]);
      return {};
    },
  };
});

/** Six parts at once, each with its queries. */
async function bootstrapOf(me, { rows, count, cards, page }) {
  const [own, comments, badges, intros, notices, unread, projects, news, talks, liked] =
    await Promise.all([
      rows('select project_count from replaced.people where id = $1', [me]),
      count('select count(*) from replaced.comments where author_id = $1', [me]),
      count('select count(*) from replaced.badges where owner_id = $1', [me]),
      count('select count(*) from replaced.intro_requests where requester_id = $1', [me]),
      count(
        `select count(*) from replaced.notifications
             where receiver_id = $1 and read_at is null`,
        [me],
      ),
      count(
        `select count(*) from replaced.direct_messages
             where receiver_id = $1 and read_at is null`,
        [me],
      ),
      cards('where p.owner_id = $1 order by p.created_at desc limit 10', [me]),
      rows(
        `select * from replaced.notifications where receiver_id = $1
            order by created_at desc limit 20`,
        [me],
      ),
      rows(
        `select c.id, u.name, d.body, d.sent_at from (
              select * from replaced.conversations where low_id = $1
              union all select * from replaced.conversations where high_id = $1
            ) as c
            join replaced.people as u
              on u.id = case when c.low_id = $1 then c.high_id else c.low_id end
            join replaced.direct_messages as d on d.id = c.last_message_id
            order by c.last_message_id desc limit 20`,
        [me],
      ),
      page('trending chains'),
    ]);
  const stats = { projects: own[0]?.project_count, comments, badges, intros };
  const counts = { notifications: notices, messages: unread };
  return { stats, counts, projects, notifications: news, conversations: talks, chains: liked };
}
