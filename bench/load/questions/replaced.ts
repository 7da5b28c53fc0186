import { readFile } from 'node:fs/promises';
import { UserError } from '../../../src/errors.js';
import { checkExact, type Database, untilFolded } from '../../lib/database.js';
import { withApplications } from '../lib/applications.js';
import type { Question } from '../question.js';
import { badges } from '../replaced/badges.js';
import { calls } from '../replaced/calls.js';
import { community } from '../replaced/community.js';
import { facilities } from '../replaced/facilities.js';
import { type Costs, figuresOf } from '../replaced/figures.js';
import type { Compared } from '../replaced/manner.js';
import { type Cost, measureManner } from '../replaced/measure.js';
import { messages } from '../replaced/messages.js';
import { peersMissing } from '../sides/node-peer.js';

const TABLES = new URL('../replaced/', import.meta.url);
/** The tables of one that comes later may refer to those of one before. */
const ALL: readonly Compared[] = [badges, calls, messages, community, facilities];

export const replaced: Question = {
  name: 'load-replaced',
  asks: 'What do a thousand users cost in the replaced manner and in ours, and how stale are they?',
  rounds: 1,
  answer: async (load) => {
    const wanted = wantedOf(load.scale.applications);
    const why = peersMissing();
    if (why !== undefined) return { header: ['side'], rows: [], notes: [`Skipped: ${why}.`] };
    return await withApplications(load, async (applications) => {
      const { database, people } = applications;
      await database.sql('create schema replaced');
      const all: Costs[] = [];
      for (const compared of ALL) {
        await createTables(database, compared);
        if (!wanted.includes(compared)) continue;
        load.log(compared.application);
        const costs: Cost[] = [];
        for (const manner of compared.manners) {
          costs.push(await measureManner(manner, applications, load));
        }
        all.push({ compared, costs });
      }
      await database.sql('call tally.tick()');
      await untilFolded(database);
      await checkExact(database);
      return figuresOf(all, people.length);
    });
  },
};

function wantedOf(names: readonly string[]): readonly Compared[] {
  const unknown = names.find((name) => !ALL.some((compared) => compared.name === name));
  if (unknown !== undefined) {
    const hint = `there are ${ALL.map(({ name }) => name).join(', ')}`;
    throw new UserError(`there is no application ${JSON.stringify(unknown)}`, { hint });
  }
  return ALL.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function createTables(database: Database, { name }: Compared): Promise<void> {
  await database.client.query(await readFile(new URL(`${name}.sql`, TABLES), 'utf8'));
  await database.sql('vacuum analyze');
}
