import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { stopEmbedded } from '../embedded.js';
import { UserError } from '../errors.js';
import { type Context, EXIT, type Verb } from './verb.js';

/** Where src/embedded/cluster.ts keeps it, below the data folder. */
const HOME = 'postgres';
/** A server that is just ending may still write a file into a folder that is being removed. */
const RM_RETRIES_MAX = 5;

export const stop: Verb = {
  name: 'stop',
  usage: '',
  summary: 'stop the embedded PostgreSQL; its data stays',
  run: async (context) => {
    refuseForeign(context, 'stop');
    const ran = await stopEmbedded(context.config.dataDir);
    context.say(ran ? 'the embedded PostgreSQL is stopped' : 'the embedded PostgreSQL did not run');
    return EXIT.ok;
  },
};

export const reset: Verb = {
  name: 'reset',
  usage: '[--yes]',
  summary: "delete the embedded PostgreSQL's data, after asking",
  flags: { yes: { says: 'do not ask' } },
  run: async (context) => {
    refuseForeign(context, 'reset');
    // Nothing else: the folder may be anybody's, and test runs keep their servers beside it.
    const home = join(resolve(context.config.dataDir), HOME);
    if (!context.flags.has('yes')) await confirm(home);
    await stopIfPossible(context);
    await rm(home, { recursive: true, force: true, maxRetries: RM_RETRIES_MAX });
    context.say(`deleted ${home}`);
    return EXIT.ok;
  },
};

/** Data too damaged to be stopped is what reset is for. PostgreSQL ends when its files are gone. */
async function stopIfPossible(context: Context): Promise<void> {
  try {
    await stopEmbedded(context.config.dataDir);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    context.note(`warning: ${error.message}`);
  }
}

function refuseForeign(context: Context, verb: string): void {
  if (context.config.databaseUrl === undefined) return;
  throw new UserError(`${verb} is for the embedded PostgreSQL, and DATABASE_URL names another`, {
    hint: `unset DATABASE_URL to ${verb} the embedded one`,
  });
}

async function confirm(home: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UserError('reset asks before it deletes, and there is no terminal to ask on', {
      hint: 'reset --yes deletes without asking',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = terminal.question(`type yes to delete the database in ${home}: `);
    // Ctrl-C and Ctrl-D reject it, and mean no.
    const answer = await question.catch(() => '');
    if (answer.trim() === 'yes') return;
  } finally {
    terminal.close();
  }
  throw new UserError('nothing was deleted', { hint: 'the answer that deletes is: yes' });
}
