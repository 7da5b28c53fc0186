import { readFileSync } from 'node:fs';
import test from 'ava';
import { loadConfig } from '../../src/config.js';
import { UserError } from '../../src/errors.js';

test('an empty environment gives the documented defaults', (t) => {
  t.deepEqual(loadConfig({}), {
    databaseUrl: undefined,
    listenUrl: undefined,
    host: '127.0.0.1',
    port: 3000,
    jwtSecret: undefined,
    jwksUrl: undefined,
    heartbeatMs: 15_000,
    streamsMax: 20_000,
    streamsPerSubjectMax: 20,
    streamsPerAddressMax: 1000,
    topicsMax: 100,
    poolSize: 20,
    corsOrigins: [],
    trustedProxies: 0,
    webhookSecret: undefined,
    metrics: true,
    dataDir: '.data',
    embeddedPort: 5499,
    logLevel: 'info',
    tickMs: 25,
    idleMs: 1000,
    statementTimeoutMs: 30_000,
  });
});

test('each variable sets what it is named after', (t) => {
  const config = loadConfig({
    DATABASE_URL: 'postgresql://ada:s%40cret@db.example:6543/shop?sslmode=require',
    DATABASE_LISTEN_URL: 'postgres://ada@primary:5432/shop',
    HOST: '::',
    PORT: '0',
    TALLY_JWT_SECRET: 'x'.repeat(32),
    TALLY_HEARTBEAT_MS: '100',
    TALLY_MAX_STREAMS: '4',
    TALLY_MAX_STREAMS_PER_SUBJECT: '5',
    TALLY_MAX_STREAMS_PER_ADDRESS: '6',
    TALLY_MAX_TOPICS: '7',
    TALLY_POOL_SIZE: '8',
    TALLY_CORS_ORIGINS: 'https://app.example,http://localhost:5173',
    TALLY_TRUST_PROXY: '2',
    TALLY_METRICS: 'off',
    TALLY_DATA_DIR: '/var/lib/tally',
    TALLY_PG_PORT: '6001',
    TALLY_TICK_MS: '50',
    TALLY_IDLE_MS: '2000',
    TALLY_STATEMENT_TIMEOUT_MS: '1',
    WEBHOOK_SECRET: 'w'.repeat(32),
    LOG_LEVEL: 'silent',
  });
  t.deepEqual(config, {
    databaseUrl: 'postgresql://ada:s%40cret@db.example:6543/shop?sslmode=require',
    listenUrl: 'postgres://ada@primary:5432/shop',
    host: '::',
    port: 0,
    jwtSecret: 'x'.repeat(32),
    jwksUrl: undefined,
    heartbeatMs: 100,
    streamsMax: 4,
    streamsPerSubjectMax: 5,
    streamsPerAddressMax: 6,
    topicsMax: 7,
    poolSize: 8,
    corsOrigins: ['https://app.example', 'http://localhost:5173'],
    trustedProxies: 2,
    metrics: false,
    dataDir: '/var/lib/tally',
    embeddedPort: 6001,
    logLevel: 'silent',
    tickMs: 50,
    idleMs: 2000,
    statementTimeoutMs: 1,
    webhookSecret: 'w'.repeat(32),
  });
});

test('an empty or blank variable counts as unset', (t) => {
  t.deepEqual(loadConfig({ DATABASE_URL: '', TALLY_TICK_MS: ' ', LOG_LEVEL: '' }), loadConfig({}));
});

test('a variable of somebody else is none of our business', (t) => {
  t.deepEqual(loadConfig({ TALLYHO: 'x', PGPORT: 'what' }), loadConfig({}));
});

const HOSTS = 'a host name or an address, such as 127.0.0.1, 0.0.0.0 or ::';
const ORIGINS = 'origins like https://app.example, separated by commas, with no path, and no *';

const refused: [variable: string, value: string, expected: string][] = [
  ['TALLY_PG_PORT', '80', 'a whole number from 1024 to 65535'],
  ['TALLY_PG_PORT', '65536', 'a whole number from 1024 to 65535'],
  ['TALLY_PG_PORT', '5e3', 'a whole number from 1024 to 65535'],
  ['TALLY_TICK_MS', '0', 'a whole number from 1 to 60000'],
  ['TALLY_TICK_MS', '-25', 'a whole number from 1 to 60000'],
  ['TALLY_TICK_MS', '2.5', 'a whole number from 1 to 60000'],
  ['TALLY_IDLE_MS', '9', 'a whole number from 10 to 3600000'],
  ['TALLY_IDLE_MS', '1 s', 'a whole number from 10 to 3600000'],
  ['TALLY_STATEMENT_TIMEOUT_MS', '2147483648', 'a whole number from 1 to 2147483647'],
  ['TALLY_STATEMENT_TIMEOUT_MS', '99999999999', 'a whole number from 1 to 2147483647'],
  ['PORT', '65536', 'a whole number from 0 to 65535'],
  ['PORT', 'http', 'a whole number from 0 to 65535'],
  ['HOST', 'http://localhost', HOSTS],
  ['HOST', '[::1]', HOSTS],
  ['TALLY_HEARTBEAT_MS', '99', 'a whole number from 100 to 3600000'],
  ['TALLY_MAX_STREAMS', '0', 'a whole number from 1 to 1000000'],
  ['TALLY_MAX_STREAMS_PER_SUBJECT', 'many', 'a whole number from 1 to 1000000'],
  ['TALLY_MAX_STREAMS_PER_ADDRESS', '1e6', 'a whole number from 1 to 1000000'],
  ['TALLY_MAX_TOPICS', '1001', 'a whole number from 1 to 1000'],
  ['TALLY_POOL_SIZE', '0', 'a whole number from 1 to 1000'],
  ['TALLY_CORS_ORIGINS', '*', ORIGINS],
  ['TALLY_CORS_ORIGINS', 'https://app.example/', ORIGINS],
  ['TALLY_CORS_ORIGINS', 'https://app.example,app.example', ORIGINS],
  ['TALLY_TRUST_PROXY', 'true', 'a whole number from 0 to 10'],
  ['TALLY_METRICS', 'yes', 'on or off'],
  ['LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error, fatal, silent'],
];

for (const [variable, value, expected] of refused) {
  test(`${variable}=${value} is refused with what it was and what it may be`, (t) => {
    const error = t.throws(() => loadConfig({ [variable]: value }), { instanceOf: UserError });
    t.is(error.message, `${variable} must be ${expected}; it is ${JSON.stringify(value)}`);
    t.truthy(error.hint);
  });
}

for (const value of ['mysql://root@db/shop', 'db.example:5432', 'host=db dbname=shop']) {
  test(`a DATABASE_URL like ${value} is refused`, (t) => {
    t.throws(() => loadConfig({ DATABASE_URL: value }), {
      instanceOf: UserError,
      message: /^DATABASE_URL must be a URL like postgres:/,
    });
  });
}

test('a mistyped sslmode is refused, and not taken for another one', (t) => {
  const of = (mode: string) => ({ DATABASE_URL: `postgres://u@db.example/shop?sslmode=${mode}` });
  const message =
    'DATABASE_URL must be a URL whose sslmode is one of disable, prefer, require, verify-ca, ' +
    'verify-full, no-verify; it is something else';
  t.throws(() => loadConfig(of('requre')), { instanceOf: UserError, message });
  t.is(loadConfig(of('verify-full')).databaseUrl, of('verify-full').DATABASE_URL);
});

test('a wrong DATABASE_URL is named without showing the password in it', (t) => {
  const error = t.throws(() => loadConfig({ DATABASE_URL: 'http://ada:s3cret@db/shop' }));
  t.notRegex(`${error.message} ${error instanceof UserError ? error.hint : ''}`, /s3cret/);
});

const secrets: [variable: string, value: string, expected: RegExp][] = [
  ['DATABASE_LISTEN_URL', 'http://ada:s3cret@db/shop', /must be a URL like postgres:/],
  ['TALLY_JWT_SECRET', 's3cret', /must be at least 32 bytes long, such as openssl rand/],
  ['TALLY_JWKS_URL', 'ftp://ada:s3cret@id.example/keys', /must be a URL like https:/],
];
for (const [variable, value, expected] of secrets) {
  test(`a wrong ${variable} is named without being shown`, (t) => {
    const error = t.throws(() => loadConfig({ [variable]: value }), { instanceOf: UserError });
    t.regex(error.message, expected);
    t.notRegex(`${error.message} ${error.hint}`, /s3cret/);
  });
}

test('a secret is measured in bytes, not in characters', (t) => {
  t.notThrows(() => loadConfig({ TALLY_JWT_SECRET: 'ü'.repeat(16) }));
  t.throws(() => loadConfig({ TALLY_JWT_SECRET: 'ü'.repeat(15) }));
});

test('a secret and a key set together are refused: only one can count', (t) => {
  const error = t.throws(
    () => loadConfig({ TALLY_JWT_SECRET: 's'.repeat(40), TALLY_JWKS_URL: 'https://id.example/k' }),
    { instanceOf: UserError, message: /^TALLY_JWT_SECRET and TALLY_JWKS_URL are both set/ },
  );
  t.regex(error.hint ?? '', /^Unset TALLY_JWT_SECRET if/);
});

test('each setting is described in docs/operations.md, and none that is not there', (t) => {
  const source = readFileSync('src/config.ts', 'utf8');
  const known = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name);
  t.true(known.length > 20);
  const doc = readFileSync('docs/operations.md', 'utf8').split('\n## Settings\n')[1] ?? '';
  const table = doc.split('\n## ')[0] ?? '';
  const described = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
  t.deepEqual(described.sort(), known.sort());
});

test('two wrong variables are named in one message', (t) => {
  const error = t.throws(() => loadConfig({ TALLY_TICK_MS: 'fast', LOG_LEVEL: 'loud' }));
  t.regex(error.message, /TALLY_TICK_MS must be .*"fast"\nLOG_LEVEL must be .*"loud"/);
});
