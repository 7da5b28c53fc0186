import test from 'ava';
import { loadConfig } from '../../src/config.js';
import { UserError } from '../../src/errors.js';

test('an empty environment gives the documented defaults', (t) => {
  t.deepEqual(loadConfig({}), {
    databaseUrl: undefined,
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
    TALLY_DATA_DIR: '/var/lib/tally',
    TALLY_PG_PORT: '6001',
    TALLY_TICK_MS: '50',
    TALLY_IDLE_MS: '2000',
    TALLY_STATEMENT_TIMEOUT_MS: '1',
    LOG_LEVEL: 'silent',
  });
  t.deepEqual(config, {
    databaseUrl: 'postgresql://ada:s%40cret@db.example:6543/shop?sslmode=require',
    dataDir: '/var/lib/tally',
    embeddedPort: 6001,
    logLevel: 'silent',
    tickMs: 50,
    idleMs: 2000,
    statementTimeoutMs: 1,
  });
});

test('an empty or blank variable counts as unset', (t) => {
  t.deepEqual(loadConfig({ DATABASE_URL: '', TALLY_TICK_MS: ' ', LOG_LEVEL: '' }), loadConfig({}));
});

test('a variable of somebody else is none of our business', (t) => {
  t.deepEqual(loadConfig({ TALLYHO: 'x', PGPORT: 'what' }), loadConfig({}));
});

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

test('a wrong DATABASE_URL is named without showing the password in it', (t) => {
  const error = t.throws(() => loadConfig({ DATABASE_URL: 'http://ada:s3cret@db/shop' }));
  t.notRegex(`${error.message} ${error instanceof UserError ? error.hint : ''}`, /s3cret/);
});

test('two wrong variables are named in one message', (t) => {
  const error = t.throws(() => loadConfig({ TALLY_TICK_MS: 'fast', LOG_LEVEL: 'loud' }));
  t.regex(error.message, /TALLY_TICK_MS must be .*"fast"\nLOG_LEVEL must be .*"loud"/);
});
