import type { Some } from '../../../src/demo/traffic.js';
import type { Database } from '../../lib/database.js';
import type { Page, PagesOf } from './page.js';

const WORDS = ['river', 'amber', 'stone', 'light', 'wind', 'harbor', 'project', 'chain'] as const;
const SECTORS = ['health', 'energy', 'food', 'finance', 'media', 'robotics'] as const;
const PERIODS = ['all_time', 'month', 'week'] as const;

/** First the feed, as everybody does, and what one comes to from there. */
export const communityPages: PagesOf = async (database, people) => {
  const projects = await idsOf(database, 'projects');
  const chains = await idsOf(database, 'chains');
  const anybody = (some: Some) => people[some.below(people.length)]?.id;
  const feed = (some: Some) =>
    `/api/projects?sort=${some.of(['trending', 'trending', 'newest'])}&page=${1 + some.below(3)}`;
  return [
    { group: 'bootstrap', weight: 4, pathFor: () => '/api/prefetch/bootstrap' },
    { group: 'dashboard data', weight: 3, pathFor: () => '/api/prefetch/dashboard-data' },
    { group: 'feed', weight: 14, pathFor: (_, some) => feed(some) },
    {
      ...{ group: 'projects and people', weight: 8 },
      pathFor: (_, some) => `/api/projects/${projects[some.below(projects.length)]}`,
    },
    {
      ...{ group: 'projects and people', weight: 4 },
      pathFor: (_, some) => `/api/users/${anybody(some)}`,
    },
    ...leaderboards(),
    { group: 'chains', weight: 2, pathFor: () => '/api/chains?sort=trending' },
    {
      ...{ group: 'chains', weight: 3 },
      pathFor: (_, some) => `/api/chains/${chains[some.below(chains.length)]}/posts`,
    },
    { group: 'inbox', weight: 4, pathFor: () => '/api/notifications' },
    { group: 'inbox', weight: 4, pathFor: () => '/api/direct-messages/conversations' },
    { group: 'search', weight: 4, pathFor: (_, some) => `/api/search?q=${some.of(WORDS)}` },
    { group: 'directory', weight: 4, pathFor: (_, some) => directory(some) },
    { group: 'directory', weight: 1, pathFor: () => '/api/investors/stats' },
  ];
};

function leaderboards(): Page[] {
  const group = 'leaderboards';
  return [
    {
      ...{ group, weight: 2 },
      pathFor: (_, some) => `/api/leaderboard/projects?period=${some.of(PERIODS)}&limit=50`,
    },
    { group, weight: 1, pathFor: () => '/api/leaderboard/users?limit=50' },
    { group, weight: 1, pathFor: () => '/api/leaderboard/chains?limit=20' },
    { group, weight: 4, pathFor: () => '/api/leaderboard/trending' },
  ];
}

function directory(some: Some): string {
  return some.of([
    `/api/investors/public?page=${1 + some.below(3)}`,
    `/api/investors/public?type=${some.of(['individual', 'organization'])}`,
    `/api/investors/public?sector=${some.of(SECTORS)}&sector=${some.of(SECTORS)}`,
    `/api/investors/public?min_check=${1000 * (1 + some.below(5))}&max_check=200000`,
    `/api/investors/public?q=${some.of(SECTORS)}&type=individual`,
  ]);
}

async function idsOf(database: Database, table: 'projects' | 'chains'): Promise<string[]> {
  const rows = await database.sql<{ id: string }>(`select id from community.${table}`);
  return rows.map(({ id }) => id);
}
