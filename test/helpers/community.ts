import type pg from 'pg';
import { rowsToLoad } from './large.js';

/** A community of years: many rows in each table, made without triggers and foreign keys. */

export const PROJECTS = rowsToLoad(8000);
const USERS = PROJECTS / 4;
const CHAINS = PROJECTS / 5;

/** The n-th user. */
export function userId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

const user = (n: string) =>
  `('00000000-0000-4000-8000-' || lpad(to_hex(1 + (${n}) % ${USERS}), 12, '0'))::uuid`;

const ROWS = [
  `insert into accounts.users (id, email, name, status, decided_at)
   select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, n || '@example.org',
     'Name ' || n, 'approved', now()
   from generate_series(1, ${USERS}) n`,
  `insert into community.projects (owner_id, title, description)
   select ${user('n')}, 'Project ' || n, (array['water', 'fire', 'earth'])[1 + n % 3] || n % 900
   from generate_series(1, ${PROJECTS}) n`,
  `insert into community.votes (project_id, owner_id, user_id, voted_at, recency)
   select p.id, p.owner_id, ${user('p.id * 7 + k * 13')}, now() - k * interval '5 days',
     (array['week', 'week', 'month', 'month', 'month', 'month', 'month'])[1 + k]
   from community.projects p, generate_series(0, 6) k
   where p.id % 2 = 0 and p.id % 7 >= k`,
  `insert into community.comments (project_id, author_id, body)
   select 1 + n % ${PROJECTS}, ${user('n')}, 'x' from generate_series(1, ${PROJECTS}) n`,
  `insert into community.badges (project_id, owner_id, validator_id)
   select p.id, p.owner_id, ${user('p.id % 50')} from community.projects p where p.id % 3 = 0`,
  `insert into community.chains (owner_id, title)
   select ${user('n')}, 'Chain ' || n from generate_series(1, ${CHAINS}) n`,
  `insert into community.chain_projects (chain_id, project_id)
   select 1 + n % ${CHAINS}, n from generate_series(1, ${PROJECTS}) n`,
  `insert into community.chain_followers (chain_id, user_id)
   select 1 + n % ${CHAINS}, ${user(`n / ${USERS} + n`)} from generate_series(1, ${PROJECTS}) n`,
  `insert into community.chain_posts (chain_id, author_id, body)
   select 1 + n % (${CHAINS} / 4), ${user('n')}, 'x' from generate_series(1, ${PROJECTS}) n`,
  `insert into community.follows (follower_id, followed_id)
   select ${user('n')}, ${user(`n + 1 + n / ${USERS}`)} from generate_series(1, ${PROJECTS}) n`,
  `insert into community.investors
     (id, user_id, type, name, bio, sectors, check_min, check_max, stamp)
   select case when n <= 300 then ${user('n')} else gen_random_uuid() end,
     case when n <= 300 then ${user('n')} end,
     (array['individual', 'organization'])[1 + n % 2], 'Investor ' || n, 'likes ' || n % 700,
     array['s' || n % 30, 't' || n % 7], n % 900 * 1000, n % 900 * 1000 + 500, n
   from generate_series(1, ${PROJECTS}) n`,
  `insert into community.investor_sectors (investor_id, sector)
   select i.id, s from community.investors i, unnest(i.sectors) s`,
  `insert into community.intro_requests (requester_id, investor_id, message, status, decided_at)
   select ${user('n')}, ${user('n % 299 + 1')}, 'x', 'declined', now()
   from generate_series(1, ${PROJECTS}) n`,
  `insert into community.feedback (author_id, body, status, handled_at)
   select ${user('n')}, 'x', 'handled', now() from generate_series(1, ${PROJECTS}) n`,
  `insert into community.notifications (receiver_id, actor_id, kind, read_at)
   select ${user('n % 2000')}, ${user('n')}, 'follow', case when n % 9 > 0 then now() end
   from generate_series(1, ${PROJECTS}) n`,
  `insert into community.conversations (low_id, high_id)
   select least(a, b), greatest(a, b)
   from (select ${user('n')} a, ${user(`n + 1 + n / ${USERS}`)} b from generate_series(1, ${PROJECTS}) n) p`,
  `insert into community.direct_messages (conversation_id, sender_id, body)
   select c.id, c.low_id, 'x' from community.conversations c`,
  `insert into community.receipts (message_id, conversation_id, receiver_id, read_at)
   select d.id, c.id, c.high_id, case when d.id % 5 > 0 then now() end
   from community.direct_messages d join community.conversations c on c.id = d.conversation_id`,
  `insert into community.conversation_members (conversation_id, user_id, last_message_id)
   select d.conversation_id, m, d.id
   from community.direct_messages d join community.conversations c on c.id = d.conversation_id,
     unnest(array[c.low_id, c.high_id]) m`,
];

export async function fillCommunity(session: pg.Client): Promise<void> {
  await session.query('set session_replication_role = replica');
  for (const rows of ROWS) await session.query(rows);
  await session.query('set session_replication_role = origin');
  // What no trigger saw; folded, as it is while a server pulses.
  await session.query('select from tally.repair()');
  await session.query('select from tally.pulse()');
  await session.query('vacuum analyze');
}
