import test from 'ava';
import type pg from 'pg';
import { fillCommunity, PROJECTS, userId } from '../helpers/community.js';
import { testDatabase } from '../helpers/database.js';
import { largeTables } from '../helpers/large.js';
import { plansOf } from '../helpers/plans.js';

const entry = { type: 'individual', name: 'Ivy', sectors: ['s1'], minCheck: 1, maxCheck: 2 };

/** Questions of the directory for a word that each of its entries has. */
const COMMON: readonly unknown[][] = [
  [null, [], null, null, 'likes', 1, null],
  [null, [], null, null, 'likes', 50, null],
  ['organization', ['s1', 't3'], null, null, 'inv', 50, null],
  ['individual', [], 5000, null, 'lik', 1, `${userId(1)}/Investor 999`],
];

type Call = [call: string, values: unknown[]];
type Some = Readonly<Record<'me' | 'other' | 'investor' | 'conversation' | 'intro', string>>;

function readsOf({ me, conversation, investor }: Some): Call[] {
  return [
    ['feed($1, $2, $3)', ['trending', 2, null]],
    ['feed($1, $2, $3 )', ['trending', 1, 'v/2/5']],
    ['feed($1, $2 , $3)', ['trending', 1, `n/${PROJECTS / 2}`]],
    ['feed($1 , $2, $3)', ['newest', 1, `n/${PROJECTS / 2}`]],
    ['project($1, $2)', [1000, null]],
    ['user_profile($1)', [me]],
    ['leaderboard($1, $2, $3)', ['leaderboard_projects', 'week', 50]],
    ['leaderboard_trending()', []],
    ...['trending', 'newest', 'followers'].map(
      (sort, at): Call => [
        `chains_page($1, $2${' '.repeat(at)})`,
        [sort, [null, `n/${PROJECTS / 10}`, 'f/3/5'][at]],
      ],
    ),
    ['chain_posts($1, $2)', [7, PROJECTS / 2]],
    ['notifications_page($1, $2)', [me, null]],
    ['conversations_page($1, $2)', [me, null]],
    ['messages_page($1, $2, $3)', [me, conversation, null]],
    ['bootstrap($1)', [me]],
    ['dashboard_data($1, $2)', [me, ['admin', 'investor', 'validator']]],
    ...['water', 'water1 proj', 'zzz', 'name 77', 'chain'].map(
      (q, at): Call => [`search($1${' '.repeat(at)})`, [q]],
    ),
    ...[
      [null, [], null, null, null, 1, null],
      ['organization', [], null, null, null, 50, null],
      [null, ['s1', 't3'], null, null, null, 1, null],
      [null, [], 5000, 6000, null, 1, null],
      [null, [], null, null, 'likes 69', 1, null],
      [null, [], null, null, 'zzz', 1, null],
      ['individual', ['s1'], 5000, null, 'lik', 1, `${investor}/Investor 4`],
      ...COMMON,
    ].map((values, at): Call => [`directory($1, $2, $3, $4, $5, $6, $7${' '.repeat(at)})`, values]),
    ['investor_numbers()', []],
  ];
}

const BUILDERS: readonly Call[] = [
  ...['trending', 'newest'].map((scope): Call => [`feed_pages('${scope}')`, []]),
  ...['all_time', 'month', 'week'].map((scope): Call => [`board_projects('${scope}')`, []]),
  ...['board_users', 'board_chains', 'trending_chains', 'trending_in_one', 'top_profiles'].map(
    (builder): Call => [`${builder}('')`, []],
  ),
  [`investor_stats('')`, []],
];

function writesOf({ me, other, investor, conversation, intro }: Some): Call[] {
  return [
    ['create_project($1, $2, $3)', [me, 'x', 'y']],
    ['change_project($1, $2, $3, $4, $5)', [me, ['admin'], 500, 'x', null]],
    ['delete_project($1, $2, $3)', [me, ['admin'], 500]],
    ['vote($1, $2, $3)', [me, 501, true]],
    ['vote($1, $2, $3 )', [me, 501, false]],
    ['comment($1, $2, $3)', [me, 501, 'x']],
    ['award_badge($1, $2, $3)', [me, 501, 'x']],
    ['create_chain($1, $2, $3)', [me, 'x', 'y']],
    ['put_in_chain($1, $2, $3, $4, $5)', [me, ['admin'], 5, 501, true]],
    ['put_in_chain($1, $2, $3, $4, $5 )', [me, ['admin'], 5, 501, false]],
    ['follow_chain($1, $2, $3)', [me, 5, true]],
    ['follow_chain($1, $2, $3 )', [me, 5, false]],
    ['post_in_chain($1, $2, $3)', [userId(6), 5, 'x']],
    ['follow($1, $2, $3)', [me, other, true]],
    ['follow($1, $2, $3 )', [me, other, false]],
    ['ask_for_intro($1, $2, $3, $4)', [me, investor, null, 'x']],
    ['decide_intro($1, $2, $3, $4)', [me, [], intro, 'accepted']],
    ['read_notifications($1, $2)', [me, null]],
    ['send_message($1, $2, $3)', [me, other, 'x']],
    ['read_conversation($1, $2, $3)', [me, conversation, null]],
    ['put_investor($1, $2, $3)', [me, ['investor'], JSON.stringify(entry)]],
    ['give_feedback($1, $2)', [me, 'x']],
    ['handle_feedback($1)', [1]],
  ];
}

test('no statement of any route, builder or rule reads a large table from end to end', async (t) => {
  const { client } = await testDatabase(t, { template: 'apps' });
  const session = await client();
  await fillCommunity(session);
  const large = await largeTables(session, 'community', 'accounts', 'tally');
  t.true(large.size >= 20, `large: ${[...large].join(', ')}`);
  const [me, other] = [userId(100), userId(PROJECTS / 5)];
  const { rows } = await session.query<{ id: string; conversation: string; intro: string }>(
    `select (select id from community.investors where user_id is null limit 1),
       (select id from community.conversations where low_id = $1 limit 1) as conversation,
       (select id from community.intro_requests where investor_id = $1 limit 1) as intro`,
    [me],
  );
  const { id: investor = '', conversation = '', intro = '' } = rows[0] ?? {};
  const some = { me, other, investor, conversation, intro };
  await session.query(
    `update community.intro_requests set status = 'pending', decided_at = null where id = $1`,
    [intro],
  );
  for (const [call, values] of [...readsOf(some), ...BUILDERS, ...writesOf(some)]) {
    const text = `select community.${call}::text`;
    t.deepEqual(await (await plansOf(session, text, values)).scans(large), [], text);
  }
  for (const values of COMMON) {
    const read = await investorsRead(session, values);
    t.true(read > 0 && read <= 4000, `${JSON.stringify(values)}: ${read} rows`);
  }
  const deep: [string, unknown[], string][] = [
    ['feed($1, $2, $3)', ['newest', null, 'n/50'], 'projects_pkey'],
    ['feed($1, $2, $3)', ['trending', null, 'n/50'], 'projects_pkey'],
    ['chains_page($1, $2)', ['newest', 'n/30'], 'chains_pkey'],
  ];
  for (const [call, values, index] of deep) {
    const read = await entriesRead(session, `select community.${call}`, values, index);
    t.true(read > 0 && read < 300, `${call} ${values}: ${read} entries of ${index}`);
  }
  const rules: [string, unknown[], string][] = [
    ['select tally.expire_due()', [], 'tally_due_community_votes_week'],
    ['delete from accounts.users where id = $1', [me], 'votes_user_id_idx'],
    ['delete from community.chains where id = $1', [5], 'chain_posts_chain_id_idx'],
  ];
  for (const [text, values, index] of rules) {
    const plans = await plansOf(session, text, values);
    t.deepEqual(plans.scans(large), [], text);
    t.true(plans.indexes.has(index), `${text}: ${[...plans.indexes].join(', ')}`);
  }
});

/** How many entries of an index are read for one answer, by a plan for all values. */
async function entriesRead(
  session: pg.Client,
  text: string,
  values: readonly unknown[],
  index: string,
): Promise<number> {
  const soFar = async () => {
    const { rows } = await session.query<{ n: string }>(
      `select pg_stat_get_xact_tuples_returned('community.${index}'::regclass) as n`,
    );
    return Number(rows[0]?.n ?? 0);
  };
  await session.query('begin; set local plan_cache_mode = force_generic_plan');
  const before = await soFar();
  await session.query(text, [...values]);
  const after = await soFar();
  await session.query('rollback');
  return after - before;
}

/** How many rows of the directory are read for one answer. */
async function investorsRead(session: pg.Client, values: readonly unknown[]): Promise<number> {
  const soFar = async () => {
    const { rows } = await session.query<{ n: string }>(
      `select seq_tup_read + idx_tup_fetch as n from pg_stat_xact_user_tables
       where relid = 'community.investors'::regclass`,
    );
    return Number(rows[0]?.n ?? 0);
  };
  await session.query('begin');
  const before = await soFar();
  await session.query('select community.directory($1, $2, $3, $4, $5, $6, $7)', [...values]);
  const after = await soFar();
  await session.query('rollback');
  return after - before;
}
