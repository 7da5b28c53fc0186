import type { Applications, Person } from '../lib/applications.js';
import type { Compared, Made, Manner } from './manner.js';
import { bearer, startOur } from './our.js';
import { headOf, startReplaced } from './peer.js';

/** Its notes name no interval: somebody who looks at the boards looks again each half minute. */
const LOOK_MS = 30_000;
/** So many projects lead the board, and are voted for. */
const LEADERS = 5;
const OPENING = ['/api/projects?sort=trending&page=1', '/api/prefetch/bootstrap'];
const BOARD = '/api/leaderboard/trending';

const warmed: Manner = {
  name: 'cache of an hour, warmed every 5 minutes, read every 30 s',
  isOurs: false,
  bound: '5 min and 30 s',
  seconds: 300,
  restSeconds: 20,
  patienceSeconds: 45,
  start: async (applications) => {
    const { child, port, send } = await startReplaced('community', applications);
    const leaders = await leadersOf(applications);
    return {
      ...{ pid: child.pid, port, patterns: patternsOf(leaders), stop: child.stop },
      watchers: applications.people.map((person) => ({
        head: headOf(person),
        opening: OPENING,
        polls: { paths: [BOARD], everyMs: LOOK_MS },
      })),
      change: changes(applications, leaders, async ({ id }, project) => {
        await send('POST', '/vote', id, { project });
      }),
    };
  },
};

const ours: Manner = {
  name: 'ours: one stream each',
  isOurs: true,
  bound: '1 s, the settle of the document',
  staleMsMax: 1_200,
  seconds: 60,
  patienceSeconds: 10,
  start: async (applications) => {
    const { child, port, client, send } = await startOur(applications);
    const leaders = await leadersOf(applications);
    return {
      ...{ pid: child.pid, port, patterns: patternsOf(leaders), stop: child.stop },
      watchers: applications.people.map((person) => ({
        head: bearer(person),
        opening: OPENING,
        stream: '/v1/stream?topic=leaderboard_trending',
      })),
      change: changes(applications, leaders, async (voter, project) => {
        await send(client.user(voter), 'PUT', `/api/projects/${project}/vote`);
      }),
    };
  },
};

type Leader = {
  readonly id: number;
  /** Who has not voted for it. */
  readonly voters: Person[];
};

async function leadersOf({ database, people }: Applications): Promise<Leader[]> {
  const leaders = await database.sql<{ id: string; voters: string[] }>(
    `select t.scope as id, array_agg(v.user_id) as voters
     from tally.top('community_votes_week', $1) as t
     join community.votes as v on v.project_id = t.scope::bigint
     group by t.scope`,
    [LEADERS],
  );
  return leaders.map(({ id, voters }) => {
    const have = new Set(voters);
    return { id: Number(id), voters: people.filter((person) => !have.has(person.id)) };
  });
}

/** The votes on a project's card, as the boards have it. */
function patternsOf(leaders: readonly Leader[]): string[] {
  const card = '"owner": ?\\{[^}]*\\}, ?"title": ?"[^"]*", ?"votes": ?(\\d+)';
  return leaders.map(({ id }) => `"id": ?${id}, ?${card}`);
}

function changes(
  { people }: Applications,
  leaders: readonly Leader[],
  vote: (voter: Person, project: number) => Promise<void>,
) {
  const everybody = people.map((_, index) => index);
  return async (nth: number): Promise<Made> => {
    const pattern = nth % leaders.length;
    const leader = leaders[pattern];
    const voter = leader?.voters.pop();
    if (leader === undefined || voter === undefined) throw new Error('everybody has voted');
    await vote(voter, leader.id);
    return { watchers: everybody, pattern };
  };
}

export const community: Compared = {
  name: 'community',
  application: 'community: what trends',
  manners: [warmed, ours],
};
