import { z } from 'zod';
import { UserError } from './errors.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** setTimeout takes no more: a longer delay would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

type Range = { min: number; max: number; fallback: number };

function wholeNumber({ min, max, fallback }: Range) {
  const expected = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
    .default(fallback);
}

const databaseUrl = z.string().refine((value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'postgres:' || url?.protocol === 'postgresql:';
}, 'a URL like postgres://user:password@host:5432/database');

/** Each variable with what it may be; the message of a check completes "it may be …". */
const schema = z.object({
  DATABASE_URL: databaseUrl.optional(),
  TALLY_DATA_DIR: z.string().default('.data'),
  // Not 5432: a PostgreSQL of the machine's own is likely there.
  TALLY_PG_PORT: wholeNumber({ min: 1024, max: 65_535, fallback: 5499 }),
  TALLY_TICK_MS: wholeNumber({ min: 1, max: 60_000, fallback: 25 }),
  TALLY_IDLE_MS: wholeNumber({ min: 10, max: 3_600_000, fallback: 1000 }),
  TALLY_STATEMENT_TIMEOUT_MS: wholeNumber({ min: 1, max: TIMER_MS_MAX, fallback: 30_000 }),
  LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

type Variable = keyof typeof schema.shape;
const variables = schema.keyof().options;

/** May hold a password, so its value stands in no message. */
const SECRET: ReadonlySet<Variable> = new Set(['DATABASE_URL']);

export type Config = {
  databaseUrl: string | undefined;
  /** Where the embedded PostgreSQL keeps its data; used when there is no databaseUrl. */
  dataDir: string;
  embeddedPort: number;
  logLevel: (typeof LOG_LEVELS)[number];
  /** How often an awake pulse beats. */
  tickMs: number;
  /** How often a sleeping one beats, in case a ring was lost. */
  idleMs: number;
  statementTimeoutMs: number;
};

/** An empty variable counts as unset: `X= command` and compose files write it so. */
function given(env: NodeJS.ProcessEnv): Partial<Record<Variable, string>> {
  const values: Partial<Record<Variable, string>> = {};
  for (const name of variables) {
    const value = env[name]?.trim();
    if (value) values[name] = value;
  }
  return values;
}

function complaint(name: Variable, value: string | undefined, expected: string): string {
  const was = SECRET.has(name) ? 'it is something else' : `it is ${JSON.stringify(value)}`;
  return `${name} must be ${expected}; ${was}`;
}

export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const values = given(env);
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const name = schema.keyof().parse(issue.path[0]);
      return complaint(name, values[name], issue.message);
    });
    throw new UserError([...new Set(lines)].join('\n'), {
      hint: 'Set it right or unset it: README.md lists all settings with their defaults.',
    });
  }
  const { data } = parsed;
  return {
    databaseUrl: data.DATABASE_URL,
    dataDir: data.TALLY_DATA_DIR,
    embeddedPort: data.TALLY_PG_PORT,
    logLevel: data.LOG_LEVEL,
    tickMs: data.TALLY_TICK_MS,
    idleMs: data.TALLY_IDLE_MS,
    statementTimeoutMs: data.TALLY_STATEMENT_TIMEOUT_MS,
  };
}
