import { targetOf } from '../database.js';
import { databaseUrl, EXIT, type Verb } from './verb.js';

export const migrate: Verb = {
  name: 'migrate',
  usage: '[--engine-only] [--dry-run]',
  summary: 'bring the database up to date: what is new in sql/, and new counters filled',
  flags: {
    'engine-only': { says: "the schema tally alone, for a database of somebody's own" },
    'dry-run': { says: 'say what would be done, and write nothing' },
  },
  run: async (context) => {
    const dryRun = context.flags.has('dry-run');
    const url = await databaseUrl(context);
    // Loaded by the verbs that need it: it would double the time that all others take to start.
    const { migrate: run } = await import('../migrate.js');
    await run({
      url,
      dryRun,
      engineOnly: context.flags.has('engine-only'),
      report: (line) => context.say(line),
    });
    context.say(dryRun ? 'dry run: nothing was written' : `${targetOf(url)} is up to date`);
    return EXIT.ok;
  },
};
