import { boardPages } from './community/boards.js';
import { chainWrites } from './community/chains.js';
import { directoryPages } from './community/directory.js';
import { inboxWrites } from './community/inbox.js';
import { investorWrites } from './community/investors.js';
import { ownPages } from './community/own.js';
import { everybodysPages } from './community/pages.js';
import { peopleWrites } from './community/people.js';
import { projectWrites } from './community/projects.js';
import type { App } from './kit/app.js';

/** Projects that people vote for, chains of projects, investors and who asks to meet them. */

export const community: App = {
  schema: 'community',
  routes: [
    ...[everybodysPages, boardPages, ownPages, directoryPages].flat(),
    ...[projectWrites, chainWrites, peopleWrites, inboxWrites, investorWrites].flat(),
  ],
};
