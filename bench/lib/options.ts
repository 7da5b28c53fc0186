import { parseArgs } from 'node:util';
import { UserError } from '../../src/errors.js';

/** How much is measured. A duration in seconds, or in transactions for each client. */
export type Length = { readonly seconds: number } | { readonly transactions: number };

export type Scale = {
  readonly quick: boolean;
  readonly rounds: number;
  readonly length: Length;
  readonly clients: readonly number[];
  readonly twoCounterTransactions: number;
  readonly copyRows: number;
  readonly copyRowsClassic: number;
  readonly scopes: number;
  readonly snapshotSeconds: number;
  readonly pendingDeltas: number;
  readonly totalsSmall: number;
  readonly totalsLarge: number;
  /** Rows of a table that is expired, cleaned up or ranked. */
  readonly largeRows: number;
};

export type Options = {
  readonly scale: Scale;
  readonly only: readonly string[];
  readonly server: 'debian' | 'embedded' | 'url';
  readonly write: boolean;
};

const FULL: Scale = {
  quick: false,
  rounds: 4,
  length: { seconds: 3 },
  clients: [1, 16, 64],
  twoCounterTransactions: 100_000,
  copyRows: 1_000_000,
  copyRowsClassic: 20_000,
  scopes: 10_000,
  snapshotSeconds: 60,
  pendingDeltas: 100_000,
  totalsSmall: 10_000,
  totalsLarge: 10_000_000,
  largeRows: 1_000_000,
};

/** Shows that everything still runs; its figures mean nothing. */
const QUICK: Scale = {
  quick: true,
  rounds: 1,
  length: { transactions: 20 },
  clients: [1, 16],
  twoCounterTransactions: 160,
  copyRows: 5_000,
  copyRowsClassic: 500,
  scopes: 100,
  snapshotSeconds: 2,
  pendingDeltas: 1_000,
  totalsSmall: 100,
  totalsLarge: 10_000,
  largeRows: 20_000,
};

export const USAGE = `usage: node --import=tsx bench/run.ts [options]
  --only NAME       one question only; may be repeated. --list names them
  --quick           every question once and briefly, to see that it runs; figures mean nothing
  --server NAME     debian (PostgreSQL 15, where installed) or embedded (18);
                    TALLY_BENCH_URL names a server that runs already, as its superuser
  --rounds N        how often each side is measured; the median counts (${FULL.rounds})
  --seconds N       how long each measurement lasts
  --no-write        print the figures, and leave bench/README.md as it is`;

export function readOptions(args: string[], names: readonly string[]): Options | 'help' | 'list' {
  const { values } = parse(args);
  if (values.help === true) return 'help';
  if (values.list === true) return 'list';
  const only = values.only ?? [];
  for (const name of only) {
    if (names.includes(name)) continue;
    throw new UserError(`there is no question ${name}`, { hint: `there are ${names.join(', ')}` });
  }
  const base = values.quick === true ? QUICK : FULL;
  const seconds = wholeNumber('seconds', values.seconds, 600);
  const scale: Scale = {
    ...base,
    rounds: wholeNumber('rounds', values.rounds, 100) ?? base.rounds,
    length: seconds === undefined ? base.length : { seconds },
  };
  return { scale, only, server: serverOf(values.server), write: values['no-write'] !== true };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        server: { type: 'string' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        'no-write': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error), { hint: USAGE });
  }
}

function serverOf(value: string | undefined): Options['server'] {
  const url = process.env.TALLY_BENCH_URL;
  if (value === undefined) return url === undefined || url === '' ? 'debian' : 'url';
  if (value === 'debian' || value === 'embedded') return value;
  throw new UserError(`--server is ${JSON.stringify(value)}`, { hint: 'debian or embedded' });
}

function wholeNumber(name: string, value: string | undefined, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= max) return number;
  throw new UserError(`--${name} is ${JSON.stringify(value)}`, {
    hint: `a whole number from 1 to ${max}`,
  });
}
