import { chainWrites } from './community/chains.js';
import { inboxWrites } from './community/inbox.js';
import { investorWrites } from './community/investors.js';
import { peopleWrites } from './community/people.js';
import { projectWrites } from './community/projects.js';
import type { App } from './kit/app.js';

/** Projects that people vote for, chains of projects, investors and who asks to meet them. */

export const community: App = {
  schema: 'community',
  routes: [...projectWrites, ...chainWrites, ...peopleWrites, ...inboxWrites, ...investorWrites],
};
