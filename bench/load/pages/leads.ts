import type { PagesOf } from './page.js';

/** The badge is on every page that one opens. */
export const leadsPages: PagesOf = async () => [
  { group: 'badge counts', weight: 20, pathFor: () => '/admin/counts' },
  { group: 'who waits', weight: 10, roles: ['admin'], pathFor: () => '/admin/pending-users' },
];
