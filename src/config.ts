import { z } from 'zod';
import { UserError } from './errors.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** setTimeout takes no more: a longer delay would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

/** What HS256 asks for: a shorter key is guessed sooner than the signature. */
const SECRET_BYTES_MIN = 32;

/** Where the server is, if nobody says otherwise. */
export const USUAL_PORT = 3000;

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

function url(protocols: readonly string[], expected: string) {
  return z.string().refine((value) => {
    return URL.canParse(value) && protocols.includes(new URL(value).protocol);
  }, expected);
}

/** Exactly what a browser sends as Origin, or it would never match. */
const origins = z
  .string()
  .transform((list) => list.split(',').map((origin) => origin.trim()))
  .refine(
    (list) => list.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
    'origins like https://app.example, separated by commas, with no path, and no *',
  )
  .default([]);

/** Another word would be taken for one of these, and nobody would be told. */
const SSL_MODES = [
  'disable',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
  'no-verify',
] as const;

const databaseUrl = url(
  ['postgres:', 'postgresql:'],
  'a URL like postgres://user:password@host:5432/database',
).refine(
  (value) => {
    const mode = URL.canParse(value) ? new URL(value).searchParams.get('sslmode') : null;
    return mode === null || SSL_MODES.some((known) => known === mode);
  },
  `a URL whose sslmode is one of ${SSL_MODES.join(', ')}`,
);

/** Each variable with what it may be; the message of a check completes "it must be …". */
const schema = z.object({
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_LISTEN_URL: databaseUrl.optional(),
  HOST: z
    .string()
    .regex(/^[^\s/[\]]+$/, 'a host name or an address, such as 127.0.0.1, 0.0.0.0 or ::')
    .default('127.0.0.1'),
  // 0 is any free port: for tests, and for several on one machine.
  PORT: wholeNumber({ min: 0, max: 65_535, fallback: USUAL_PORT }),
  TALLY_JWT_SECRET: z
    .string()
    .refine(
      (value) => Buffer.byteLength(value) >= SECRET_BYTES_MIN,
      `at least ${SECRET_BYTES_MIN} bytes long, such as openssl rand -base64 32 prints`,
    )
    .optional(),
  TALLY_JWKS_URL: url(['https:', 'http:'], 'a URL like https://id.example/jwks.json').optional(),
  TALLY_HEARTBEAT_MS: wholeNumber({ min: 100, max: 3_600_000, fallback: 15_000 }),
  TALLY_MAX_STREAMS: wholeNumber({ min: 1, max: 1_000_000, fallback: 20_000 }),
  TALLY_MAX_STREAMS_PER_SUBJECT: wholeNumber({ min: 1, max: 1_000_000, fallback: 20 }),
  TALLY_MAX_STREAMS_PER_ADDRESS: wholeNumber({ min: 1, max: 1_000_000, fallback: 1000 }),
  TALLY_MAX_TOPICS: wholeNumber({ min: 1, max: 1000, fallback: 100 }),
  TALLY_POOL_SIZE: wholeNumber({ min: 1, max: 1000, fallback: 20 }),
  TALLY_CORS_ORIGINS: origins,
  TALLY_TRUST_PROXY: wholeNumber({ min: 0, max: 10, fallback: 0 }),
  TALLY_METRICS: z.enum(['on', 'off'], 'on or off').default('on'),
  TALLY_DATA_DIR: z.string().default('.data'),
  // Not 5432: a PostgreSQL of the machine's own is likely there.
  TALLY_PG_PORT: wholeNumber({ min: 1024, max: 65_535, fallback: 5499 }),
  TALLY_TICK_MS: wholeNumber({ min: 1, max: 60_000, fallback: 25 }),
  TALLY_IDLE_MS: wholeNumber({ min: 10, max: 3_600_000, fallback: 1000 }),
  TALLY_STATEMENT_TIMEOUT_MS: wholeNumber({ min: 1, max: TIMER_MS_MAX, fallback: 30_000 }),
  WEBHOOK_SECRET: z
    .string()
    .refine(
      (value) => Buffer.byteLength(value) >= SECRET_BYTES_MIN,
      `at least ${SECRET_BYTES_MIN} bytes long, such as openssl rand -base64 32 prints`,
    )
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
});

type Variable = keyof typeof schema.shape;
const variables = schema.keyof().options;

/** May hold a password, so its value stands in no message. */
const SECRET: ReadonlySet<Variable> = new Set([
  'DATABASE_URL',
  'DATABASE_LISTEN_URL',
  'TALLY_JWT_SECRET',
  'TALLY_JWKS_URL',
  'WEBHOOK_SECRET',
]);

export type Config = {
  databaseUrl: string | undefined;
  /** Straight to the primary, where databaseUrl goes through a pool that cannot LISTEN. */
  listenUrl: string | undefined;
  host: string;
  port: number;
  /** At most one of the two: what tokens are checked with. */
  jwtSecret: string | undefined;
  jwksUrl: string | undefined;
  heartbeatMs: number;
  streamsMax: number;
  streamsPerSubjectMax: number;
  streamsPerAddressMax: number;
  topicsMax: number;
  poolSize: number;
  /** Whose pages may read answers, with cookies. */
  corsOrigins: readonly string[];
  /** How many proxies stand before the server; X-Forwarded-For counts that many from its end. */
  trustedProxies: number;
  metrics: boolean;
  /** Where the embedded PostgreSQL keeps its data; used when there is no databaseUrl. */
  dataDir: string;
  embeddedPort: number;
  logLevel: (typeof LOG_LEVELS)[number];
  /** How often an awake pulse beats. */
  tickMs: number;
  /** How often a sleeping one beats, in case a ring was lost. */
  idleMs: number;
  statementTimeoutMs: number;
  /** What webhooks are signed with; without it they are refused. */
  webhookSecret: string | undefined;
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
  refuseBoth(data);
  return {
    databaseUrl: data.DATABASE_URL,
    listenUrl: data.DATABASE_LISTEN_URL,
    host: data.HOST,
    port: data.PORT,
    jwtSecret: data.TALLY_JWT_SECRET,
    jwksUrl: data.TALLY_JWKS_URL,
    heartbeatMs: data.TALLY_HEARTBEAT_MS,
    streamsMax: data.TALLY_MAX_STREAMS,
    streamsPerSubjectMax: data.TALLY_MAX_STREAMS_PER_SUBJECT,
    streamsPerAddressMax: data.TALLY_MAX_STREAMS_PER_ADDRESS,
    topicsMax: data.TALLY_MAX_TOPICS,
    poolSize: data.TALLY_POOL_SIZE,
    corsOrigins: data.TALLY_CORS_ORIGINS,
    trustedProxies: data.TALLY_TRUST_PROXY,
    metrics: data.TALLY_METRICS === 'on',
    dataDir: data.TALLY_DATA_DIR,
    embeddedPort: data.TALLY_PG_PORT,
    logLevel: data.LOG_LEVEL,
    tickMs: data.TALLY_TICK_MS,
    idleMs: data.TALLY_IDLE_MS,
    statementTimeoutMs: data.TALLY_STATEMENT_TIMEOUT_MS,
    webhookSecret: data.WEBHOOK_SECRET,
  };
}

/** Which of the two a token is checked with must not depend on what the token says of itself. */
function refuseBoth(data: z.infer<typeof schema>): void {
  if (data.TALLY_JWT_SECRET === undefined || data.TALLY_JWKS_URL === undefined) return;
  throw new UserError('TALLY_JWT_SECRET and TALLY_JWKS_URL are both set, and only one can count', {
    hint: 'Unset TALLY_JWT_SECRET if tokens come from an identity provider, else TALLY_JWKS_URL.',
  });
}
