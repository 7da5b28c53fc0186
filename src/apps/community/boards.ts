import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { digits } from '../kit/digits.js';
import { page } from '../kit/page.js';
import { chainCard, count, person, projectCard, tag } from './shapes.js';

/** Leaderboards: documents of a hundred entries, which are topics as well. */

const limit = digits({ least: 1, most: 100 }).prefault(50);
const rank = z.int();
const rankedUser = person.extend({ rank, votesReceived: z.int() });
const rankedChain = z.object({ rank, chain: chainCard });

export const boardPages: readonly AppRoute[] = [
  page({
    ...{ id: 'leaderboard-projects', path: '/api/leaderboard/projects', tag },
    summary: 'Projects by votes: of all time, of 30 days, of 7 days',
    may: 'anybody',
    inQuery: z.object({ period: z.enum(['all_time', 'month', 'week']).default('all_time'), limit }),
    answer: z
      .object({
        entries: z.array(z.object({ rank, votesInPeriod: z.int(), project: projectCard })),
      })
      .meta({ id: 'ProjectBoard', description: 'Projects, most votes first.' }),
    call: "community.leaderboard('leaderboard_projects', p_scope => $1, p_n => $2)",
    values: ({ query }) => [query.period, query.limit],
  }),
  page({
    ...{ id: 'leaderboard-users', path: '/api/leaderboard/users', tag },
    summary: 'Users by the votes for what is theirs',
    may: 'anybody',
    inQuery: z.object({ limit }),
    answer: z
      .object({
        entries: z.array(
          rankedUser.extend({ projects: count, badgesReceived: count, followers: count }),
        ),
      })
      .meta({ id: 'UserBoard', description: 'Users, most votes first.' }),
    call: "community.leaderboard('leaderboard_users', p_scope => '', p_n => $1)",
    values: ({ query }) => [query.limit],
  }),
  page({
    ...{ id: 'leaderboard-chains', path: '/api/leaderboard/chains', tag },
    summary: 'Chains by followers',
    may: 'anybody',
    inQuery: z.object({ limit: limit.prefault(20) }),
    answer: z
      .object({ entries: z.array(rankedChain) })
      .meta({ id: 'ChainBoard', description: 'Chains, most followers first.' }),
    call: "community.leaderboard('leaderboard_chains', p_scope => '', p_n => $1)",
    values: ({ query }) => [query.limit],
  }),
  page({
    ...{ id: 'leaderboard-trending', path: '/api/leaderboard/trending', tag },
    summary: 'Ten projects, ten users and ten chains, in one',
    may: 'anybody',
    answer: z
      .object({
        projects: z.array(projectCard),
        users: z.array(rankedUser),
        chains: z.array(rankedChain),
      })
      .meta({ id: 'Trending', description: 'What trends.' }),
    call: 'community.leaderboard_trending()',
    values: () => [],
  }),
];
