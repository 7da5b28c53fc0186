import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { stopEmbedded } from '../embedded.js';
import { UserError } from '../errors.js';
import { type Context, EXIT, type Verb } from './verb.js';

export const stop: Verb = {
  name: 'stop',
  usage: '',
  summary: 'stop the embedded PostgreSQL; its data stays',
  run: async (context) => {
    refuseForeign(context, 'stop');
    await stopEmbedded(context.config.dataDir);
    context.say('the embedded PostgreSQL is stopped');
    return EXIT.ok;
  },
};

export const reset: Verb = {
  name: 'reset',
  usage: '[--yes]',
  summary: "delete the embedded PostgreSQL's data, after asking (--yes: without asking)",
  flags: { yes: {} },
  run: async (context) => {
    refuseForeign(context, 'reset');
    const folder = resolve(context.config.dataDir);
    if (!context.flags.has('yes')) await confirm(folder);
    await stopEmbedded(context.config.dataDir);
    await rm(folder, { recursive: true, force: true });
    context.say(`deleted ${folder}`);
    return EXIT.ok;
  },
};

function refuseForeign(context: Context, verb: string): void {
  if (context.config.databaseUrl === undefined) return;
  throw new UserError(`${verb} is for the embedded PostgreSQL, and DATABASE_URL names another`, {
    hint: `unset DATABASE_URL to ${verb} the embedded one`,
  });
}

async function confirm(folder: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UserError('reset asks before it deletes, and there is no terminal to ask on', {
      hint: 'reset --yes deletes without asking',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`type yes to delete the database in ${folder}: `);
    if (answer.trim() === 'yes') return;
  } finally {
    terminal.close();
  }
  throw new UserError('nothing was deleted', { hint: 'the answer that deletes is: yes' });
}
