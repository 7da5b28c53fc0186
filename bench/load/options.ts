import { parseArgs } from 'node:util';
import { UserError } from '../../src/errors.js';
import type { Options as ServerOptions } from '../lib/options.js';

/** How much is measured. */
export type Scale = {
  readonly quick: boolean;
  readonly rounds: number;
  /** Only these sides of the fan-out; none: all of them. */
  readonly sides: readonly string[];
  /** Only these applications beside what they replace; none: all of them. */
  readonly applications: readonly string[];
  /** Streams held open at once, one after the other. */
  readonly fanOut: readonly number[];
  readonly broadcasts: number;
  readonly latencySeconds: number;
  readonly getSeconds: number;
  readonly idleStreams: number;
  readonly idleSeconds: number;
  readonly outagesMs: readonly number[];
  readonly appUsers: number;
  /** Of the rows of large tables. */
  readonly appRows: number;
  readonly appSeconds: number;
};

export type Options = {
  readonly scale: Scale;
  readonly only: readonly string[];
  readonly server: ServerOptions['server'];
  readonly write: boolean;
};

const FULL: Scale = {
  quick: false,
  rounds: 3,
  sides: [],
  applications: [],
  fanOut: [1_000, 10_000],
  broadcasts: 14,
  latencySeconds: 15,
  getSeconds: 5,
  idleStreams: 1_000,
  idleSeconds: 60,
  outagesMs: [200, 1_000, 5_000],
  appUsers: 1_000,
  appRows: 1,
  appSeconds: 60,
};

/** Shows that everything still runs; its figures mean nothing. */
const QUICK: Scale = {
  quick: true,
  rounds: 1,
  sides: [],
  // One shows that the frame runs; all five would take a minute.
  applications: ['badges'],
  fanOut: [40],
  broadcasts: 3,
  latencySeconds: 0.5,
  getSeconds: 1,
  idleStreams: 20,
  idleSeconds: 1,
  outagesMs: [200],
  appUsers: 40,
  appRows: 0.01,
  appSeconds: 1,
};

export const USAGE = `usage: node --import=tsx bench/load/run.ts [options]
  --only NAME       one question only; may be repeated. --list names them
  --quick           every question once and briefly, to see that it runs; figures mean nothing
  --server NAME     debian (PostgreSQL 15, where installed) or embedded (18);
                    TALLY_BENCH_URL names a server that runs already, as its superuser
  --rounds N        how often each side is measured; the median counts (${FULL.rounds})
  --side NAME       fan-out: this side only; may be repeated. Nothing is written
  --streams N       fan-out: with so many streams only. Nothing is written
  --application NAME  load-replaced: this application only; may be repeated. Nothing is written
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
  const streams = wholeNumber('streams', values.streams, 15_000);
  const sides = values.side ?? [];
  const applications = values.application ?? [];
  const partial =
    base.quick || streams !== undefined || sides.length > 0 || applications.length > 0;
  return {
    scale: {
      ...base,
      rounds: wholeNumber('rounds', values.rounds, 100) ?? base.rounds,
      fanOut: streams === undefined ? base.fanOut : [streams],
      sides,
      applications: applications.length > 0 ? applications : base.applications,
    },
    only,
    server: serverOf(values.server),
    write: values['no-write'] !== true && !partial,
  };
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
        side: { type: 'string', multiple: true },
        application: { type: 'string', multiple: true },
        streams: { type: 'string' },
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
