import type { PagesOf } from './page.js';

export const callsPages: PagesOf = async () => [
  { group: 'call invitations', weight: 10, pathFor: () => '/calls/invitations/pending' },
  { group: 'call invitations', weight: 3, pathFor: () => '/calls/invitations/sent' },
];
