import { z } from 'zod';
import { type Config, loadConfig } from './config.js';
import { UserError } from './errors.js';
import type { TallyOptions } from './tally.js';

/** Options are checked as the settings of the same meaning are. */
const VARIABLES = {
  databaseUrl: 'DATABASE_URL',
  listenUrl: 'DATABASE_LISTEN_URL',
  jwtSecret: 'TALLY_JWT_SECRET',
  jwksUrl: 'TALLY_JWKS_URL',
  poolSize: 'TALLY_POOL_SIZE',
  tickMs: 'TALLY_TICK_MS',
  idleMs: 'TALLY_IDLE_MS',
  heartbeatMs: 'TALLY_HEARTBEAT_MS',
  statementTimeoutMs: 'TALLY_STATEMENT_TIMEOUT_MS',
  streamsMax: 'TALLY_MAX_STREAMS',
  streamsPerSubjectMax: 'TALLY_MAX_STREAMS_PER_SUBJECT',
  streamsPerAddressMax: 'TALLY_MAX_STREAMS_PER_ADDRESS',
  topicsMax: 'TALLY_MAX_TOPICS',
  trustedProxies: 'TALLY_TRUST_PROXY',
  logLevel: 'LOG_LEVEL',
} as const satisfies Partial<Record<keyof TallyOptions, string>>;

type Setting = keyof typeof VARIABLES;
const settings = Object.entries(VARIABLES) as [Setting, string][];

const callable = z.custom<unknown>((value) => typeof value === 'function', 'a function').optional();

/** The message of a check completes "it must be …"; settings are checked as what they stand for. */
const shape = z.strictObject({
  ...(Object.fromEntries(settings.map(([name]) => [name, z.unknown().optional()])) as Record<
    Setting,
    z.ZodOptional<z.ZodUnknown>
  >),
  databaseUrl: z
    .string('a URL like postgres://user:password@host:5432/database')
    .min(1, 'a URL like postgres://user:password@host:5432/database'),
  authenticate: callable,
  observe: callable,
  metrics: z.boolean('true or false').optional(),
  sink: z.enum(['plain', 'koa-sse-stream'], 'plain or koa-sse-stream').optional(),
});

const HINT = { hint: 'see docs/in-your-own-app.md' };

/** The settings that the options stand for. The host writes its own log; ours is for who asks. */
export function configOf(options: TallyOptions): Config {
  refuseUnlike(options);
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'silent' };
  for (const [option, variable] of settings) {
    const value = options[option];
    if (value !== undefined) env[variable] = String(value);
  }
  try {
    return { ...loadConfig(env), metrics: options.metrics ?? true };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Longest first: one name begins another.
    const message = settings
      .toSorted(([, a], [, b]) => b.length - a.length)
      .reduce((text, [option, variable]) => text.replaceAll(variable, option), error.message);
    throw new UserError(message, HINT);
  }
}

/** Callers may have no compiler that tells them. */
function refuseUnlike(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    throw new UserError('createTally takes an object, and databaseUrl must be in it', HINT);
  }
  const parsed = shape.safeParse(options);
  if (parsed.success) return;
  const lines = parsed.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') return `there is no option ${issue.keys.join(', ')}`;
    const name = String(issue.path[0]);
    const value: unknown = Reflect.get(options, name);
    // A URL may hold a password.
    const isShown = name !== 'databaseUrl' || value === undefined;
    const was = isShown ? `it is ${shown(value)}` : 'it is something else';
    return `${name} must be ${issue.message}; ${was}`;
  });
  throw new UserError(lines.join('\n'), HINT);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' ? 'an object' : String(value);
}
