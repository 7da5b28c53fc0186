import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { cursor, next } from '../kit/cursor.js';
import { digits, rowId } from '../kit/digits.js';
import { page } from '../kit/page.js';
import { text } from '../kit/text.js';
import {
  chainCard,
  count,
  moment,
  numbered,
  ofUser,
  person,
  projectCard,
  remark,
  tag,
} from './shapes.js';

/** What everybody reads: the feed, projects, people, chains. */

const before = z.object({
  after: rowId.optional().meta({ description: 'The last one of the page before.' }),
});

export const profile = person
  .extend({
    joinedAt: moment,
    projects: count,
    comments: count,
    votesReceived: count,
    badgesReceived: count,
    badgesAwarded: count,
    followers: count,
    following: count,
    newestProjects: z.array(projectCard),
  })
  .meta({ id: 'Profile', description: 'Somebody, as everybody sees him.' });

export const everybodysPages: readonly AppRoute[] = [
  page({
    ...{ id: 'feed', path: '/api/projects', tag },
    summary: 'The feed: trending by the votes of 7 days, or newest',
    may: 'anybody',
    inQuery: z.object({
      sort: z.enum(['trending', 'newest']).default('trending'),
      page: digits({ least: 1, most: 3 }).prefault(1).meta({
        description: 'The first three; further on with `after`.',
      }),
      after: cursor,
    }),
    answer: z
      .object({ projects: z.array(projectCard), next })
      .meta({ id: 'FeedPage', description: '20 projects of the feed.' }),
    call: 'community.feed(p_sort => $1, p_page => $2, p_after => $3)',
    values: ({ query }) => [query.sort, query.page, query.after],
  }),
  page({
    ...{ id: 'project', path: '/api/projects/{id}', tag },
    summary: 'A project, with its 20 newest comments or those before one of them',
    may: 'anybody',
    inPath: numbered,
    inQuery: before,
    answer: projectCard
      .extend({ description: z.string(), changedAt: moment, remarks: z.array(remark) })
      .meta({ id: 'Project', description: 'A project, whole.' }),
    call: 'community.project(p_project => $1, p_after => $2)',
    values: ({ path, query }) => [path.id, query.after],
  }),
  page({
    ...{ id: 'user', path: '/api/users/{id}', tag },
    summary: 'Somebody: his numbers and his newest projects',
    may: 'anybody',
    inPath: ofUser,
    answer: profile,
    call: 'community.user_profile(p_user => $1)',
    values: ({ path }) => [path.id],
  }),
  page({
    ...{ id: 'chains', path: '/api/chains', tag },
    summary: 'Chains: the 20 that trend, the newest, or by followers',
    may: 'anybody',
    inQuery: z.object({
      sort: z.enum(['trending', 'newest', 'followers']).default('trending'),
      after: cursor,
    }),
    answer: z
      .object({ chains: z.array(chainCard), next })
      .meta({ id: 'ChainsPage', description: '20 chains.' }),
    call: 'community.chains_page(p_sort => $1, p_after => $2)',
    values: ({ query }) => [query.sort, query.after],
  }),
  page({
    ...{ id: 'chain-posts', path: '/api/chains/{id}/posts', tag },
    summary: 'A chain and its 20 newest posts, or those before one of them',
    may: 'anybody',
    inPath: numbered,
    inQuery: before,
    answer: z
      .object({ chain: chainCard, posts: z.array(remark) })
      .meta({ id: 'ChainPosts', description: 'What is said in a chain.' }),
    call: 'community.chain_posts(p_chain => $1, p_after => $2)',
    values: ({ path, query }) => [path.id, query.after],
  }),
  page({
    ...{ id: 'search', path: '/api/search', tag },
    summary: 'Ten projects, chains and users each, by the beginnings of words',
    may: 'anybody',
    inQuery: z.object({ q: text.min(1).max(200) }),
    answer: z
      .object({
        projects: z.array(projectCard),
        chains: z.array(chainCard),
        users: z.array(person),
      })
      .meta({ id: 'Found', description: 'What was found.' }),
    call: 'community.search(p_q => $1)',
    values: ({ query }) => [query.q],
  }),
];
