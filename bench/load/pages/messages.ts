import type { PagesOf } from './page.js';

export const messagesPages: PagesOf = async () => [
  { group: 'admin statistics', weight: 20, roles: ['admin'], pathFor: () => '/api/admin/stats' },
];
