import type pg from 'pg';
import { UserError } from '../errors.js';
import { describeSqlError, isSqlError, NOT_THERE } from '../sql-error.js';
import { queryText, type Rows, renderExpanded, renderTable, rowsOf } from './table.js';
import { type Context, EXIT, onDatabase, type Verb } from './verb.js';

/** Each of these is one SQL call, the same that a DBA makes from psql. */

export const tick: Verb = {
  name: 'tick',
  usage: '',
  summary: 'fold pending changes and do all work that is due: call tally.tick()',
  run: async (context) => {
    await call(context, 'tick', 'call tally.tick()');
    return EXIT.ok;
  },
};

export const fill: Verb = {
  name: 'fill',
  usage: '[NAME]',
  summary: 'count what was there before a new counter: tally.fill()',
  positionalsMax: 1,
  run: async (context) => {
    await call(context, 'fill', 'select tally.fill($1)', [nameOf(context)]);
    return EXIT.ok;
  },
};

export const verify: Verb = {
  name: 'verify',
  usage: '[NAME]',
  summary:
    'recount and list each difference: tally.verify(); exit code 3 if any, 4 if not all could be',
  positionalsMax: 1,
  run: async (context) => {
    const name = nameOf(context);
    const found = await call(context, 'verify', 'select * from tally.verify($1)', [name]);
    if (found.rows.length === 0 && found.warnings > 0) {
      context.say('exact: all counters but those named above, which could not be recounted');
      return EXIT.failedCheck;
    }
    if (found.rows.length === 0) {
      context.say(name === null ? 'exact: all counters' : `exact: ${name}`);
      return EXIT.ok;
    }
    print(context, renderTable(found));
    context.say(`to put this right: ${[context.program, 'repair', name ?? ''].join(' ').trim()}`);
    return EXIT.differences;
  },
};

export const repair: Verb = {
  name: 'repair',
  usage: '[NAME] [--dry-run]',
  summary: 'put differences right, safe under writers: tally.repair()',
  flags: { 'dry-run': { says: 'say what would be put right, and change nothing' } },
  positionalsMax: 1,
  run: async (context) => {
    const dryRun = context.flags.has('dry-run');
    const values = [nameOf(context), dryRun];
    const done = await call(context, 'repair', 'select * from tally.repair($1, $2)', values);
    if (done.rows.length === 0 && done.warnings > 0) {
      context.say('nothing to repair but for the counters named above');
      return EXIT.failedCheck;
    }
    if (done.rows.length === 0) {
      context.say('exact: nothing to repair');
      return EXIT.ok;
    }
    print(context, renderTable(done));
    context.say(dryRun ? 'dry run: nothing was changed' : 'repaired');
    return EXIT.ok;
  },
};

export const doctor: Verb = {
  name: 'doctor',
  usage: '',
  summary: 'check triggers, backlog and settings: tally.doctor(); exit code 4 when a check fails',
  run: async (context) => {
    const found = await call(context, 'doctor', 'select * from tally.doctor()');
    print(context, renderTable(found));
    const at = found.columns.findIndex(({ name }) => name === 'status');
    return found.rows.some((row) => row[at] === 'fail') ? EXIT.failedCheck : EXIT.ok;
  },
};

export const status: Verb = {
  name: 'status',
  usage: '',
  summary: 'a quick look at pulse, backlog and counters: tally.status',
  run: async (context) => {
    const found = await call(context, 'status', 'select * from tally.status');
    print(context, found.rows.length === 1 ? renderExpanded(found) : renderTable(found));
    return EXIT.ok;
  },
};

function nameOf(context: Context): string | null {
  return context.positionals[0] ?? null;
}

function print(context: Context, lines: readonly string[]): void {
  for (const line of lines) context.say(line);
}

export async function call(
  context: Context,
  verb: string,
  text: string,
  values?: readonly (string | boolean | null)[],
): Promise<Rows & { readonly warnings: number }> {
  let found: Rows = { columns: [], rows: [] };
  const warnings = await onSession(context, verb, async (client) => {
    found = await rowsFrom(context, client, text, values);
  });
  return { ...found, warnings };
}

/** One session for all calls; how many warnings came. */
export async function onSession(
  context: Context,
  verb: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<number> {
  return await onDatabase(context, verb, async (client) => {
    let warnings = 0;
    client.on('notice', ({ severity }) => {
      if (severity === 'WARNING') warnings += 1;
    });
    await work(client);
    return warnings;
  });
}

export async function rowsFrom(
  context: Context,
  client: pg.Client,
  text: string,
  values?: readonly (string | boolean | null)[],
): Promise<Rows> {
  const [result] = await ask(context, client, text, values);
  return result === undefined ? { columns: [], rows: [] } : rowsOf(result);
}

/** Runs a statement; what the server says against it is said without a stack. */
async function ask(
  context: Context,
  client: pg.Client,
  text: string,
  values?: readonly (string | boolean | null)[],
) {
  try {
    return await queryText(client, text, values);
  } catch (error) {
    if (!isSqlError(error)) throw error;
    const missing = NOT_THERE.has(error.code ?? '') && /\btally\b/.test(error.message);
    const options = { cause: error, hint: `${context.program} migrate` };
    if (missing) throw new UserError(`the engine is not there: ${error.message}`, options);
    throw new UserError(describeSqlError(error), { cause: error });
  }
}
