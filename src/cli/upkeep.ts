import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { UserError } from '../errors.js';
import { onSession, rowsFrom } from './care.js';
import { type Rows, renderTable } from './table.js';
import { type Context, EXIT, type Verb } from './verb.js';

/** Each is one SQL call, made again until there is nothing left to do: a bounded piece each time. */

/** Rests so many times as long as a piece took: writers have the machine nine tenths of the time. */
const REST_TIMES = 9;

export const expire: Verb = {
  name: 'expire',
  usage: '',
  summary: 'change what is due by rules of expiry: tally.expire_due()',
  run: async (context) => {
    let expired = 0;
    const warnings = await onSession(context, 'expire', async (client) => {
      for (;;) {
        const { rows } = await rowsFrom(context, client, 'select tally.expire_due()');
        const changed = rows[0]?.[0];
        if (Number(changed ?? 0) === 0) return;
        expired += Number(changed);
      }
    });
    context.say(`expired: ${expired} row${expired === 1 ? '' : 's'}`);
    return warnings > 0 ? EXIT.failedCheck : EXIT.ok;
  },
};

export const cleanup: Verb = {
  name: 'cleanup',
  usage: '[NAME] [DAYS] [--dry-run] [--fast]',
  summary: 'delete what is older than its rule, or DAYS, says: tally.clean_up()',
  flags: {
    'dry-run': { says: 'say how much would go, and delete nothing' },
    fast: { says: 'without the rests that leave the machine to writers' },
  },
  positionalsMax: 2,
  run: async (context) => {
    const { name, keep } = argumentsOf(context);
    const dryRun = context.flags.has('dry-run');
    const gone = new Map<string, Gone>();
    const warnings = await onSession(context, 'cleanup', async (client) => {
      // Of the notices only a dry run's says something new: what goes along by foreign keys.
      if (!dryRun) await client.query('set client_min_messages = warning');
      for (;;) {
        const started = performance.now();
        const done = await cleanUpOnce(context, client, [name, keep, dryRun]);
        for (const one of done) add(gone, one);
        if (dryRun || done.every((one) => one.rows === 0 && one.partitions === 0)) return;
        context.note(done.map((one) => `${one.name}: ${gone.get(one.name)?.rows} rows`).join(', '));
        const restMs = (performance.now() - started) * REST_TIMES;
        if (!context.flags.has('fast')) await pause(restMs);
      }
    });
    for (const line of renderTable(tableOf([...gone.values()]))) context.say(line);
    if (dryRun) context.say('dry run: nothing was changed');
    else context.say(warnings > 0 ? 'not cleaned up: what is named above' : 'cleaned up');
    return warnings > 0 ? EXIT.failedCheck : EXIT.ok;
  },
};

export const cron: Verb = {
  name: 'cron',
  usage: '[--remove]',
  summary: 'hand the schedule to pg_cron: tally.install_cron()',
  flags: { remove: { says: 'take it back: tally.uninstall_cron()' } },
  run: async (context) => {
    const remove = context.flags.has('remove');
    await onSession(context, 'cron', async (client) => {
      const text = remove ? 'select tally.uninstall_cron()' : 'select tally.install_cron()';
      const { rows } = await rowsFrom(context, client, text);
      const answer = rows[0]?.[0];
      context.say(remove ? `jobs taken away from pg_cron: ${answer}` : `installed: ${answer}`);
    });
    return EXIT.ok;
  },
};

type Gone = { readonly name: string; source: string; rows: number; partitions: number };

function add(gone: Map<string, Gone>, { name, source, rows, partitions }: Gone): void {
  const before = gone.get(name) ?? { name, source, rows: 0, partitions: 0 };
  gone.set(name, {
    name,
    source,
    rows: before.rows + rows,
    partitions: before.partitions + partitions,
  });
}

function tableOf(gone: readonly Gone[]): Rows {
  const columns = ['name', 'source', 'rows', 'partitions'].map((name) => ({ name, type: 0 }));
  const rows = gone.map((one) => [one.name, one.source, `${one.rows}`, `${one.partitions}`]);
  return { columns, rows };
}

async function cleanUpOnce(
  context: Context,
  client: pg.Client,
  values: readonly (string | boolean | null)[],
): Promise<Gone[]> {
  const text = 'select * from tally.clean_up($1, $2, $3)';
  const { rows } = await rowsFrom(context, client, text, values);
  return rows.map(([name, source, count, partitions]) => ({
    name: name ?? '',
    source: source ?? '',
    rows: Number(count),
    partitions: Number(partitions),
  }));
}

/** A name begins with a letter, so a number is one of days. */
function argumentsOf({ positionals }: Context): { name: string | null; keep: string | null } {
  const days = positionals.find((given) => /^\d/.test(given));
  const name = positionals.find((given) => given !== days);
  const surplus =
    positionals.find((given) => given !== days && given !== name) ??
    (name !== undefined && /^\d/.test(name) ? name : undefined);
  if (surplus !== undefined) {
    throw new UserError(`cleanup has no use for ${JSON.stringify(surplus)}`, {
      hint: 'one name and one number of days',
    });
  }
  if (days !== undefined && !/^\d{1,5}$/.test(days)) {
    throw new UserError(`DAYS is ${JSON.stringify(days)}`, { hint: 'a whole number, such as 7' });
  }
  return { name: name ?? null, keep: days === undefined ? null : `${days} days` };
}
