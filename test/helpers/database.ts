import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import { until } from './wait.js';

export type TestDatabase = {
  readonly name: string;
  readonly url: string;
  /** A session of its own, ended when the test ends. */
  client(application?: string): Promise<pg.Client>;
  /** Runs one statement on any session of a small pool and returns its rows. */
  sql<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<Row[]>;
};

/**
 * 'engine' has the schema tally and no application, 'apps' has those too; 'empty' is what someone
 * has who has not migrated yet.
 */
export type DatabaseOptions = { readonly template?: 'engine' | 'apps' | 'empty' };

const POOL_SIZE = 4;
const ROLE_PASSWORD = 'not a secret';
let made = 0;

/** The server under test: its `postgres` database, as a superuser. */
export function serverUrl(): string {
  const { TALLY_TEST_URL: url } = process.env;
  if (url === undefined) throw new Error('run tests with `npm test`: it starts their PostgreSQL');
  return url;
}

export function onDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

export function asUser(url: string, user: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = ROLE_PASSWORD;
  return changed.href;
}

/**
 * A role of the test's own. Make it before the database in which it will own something: what was
 * made first is dropped last.
 */
export async function testRole(t: ExecutionContext<unknown>, attributes: string): Promise<string> {
  const name = uniqueName();
  const server = serverUrl();
  const run = (text: string) => withClient(server, 'pgtally test', (client) => client.query(text));
  await run(`create role ${name} password '${ROLE_PASSWORD}' ${attributes}`);
  t.teardown(() => run(`drop role ${name}`));
  return name;
}

/** A run that was killed leaves databases behind, and process ids come again. */
function uniqueName(): string {
  made += 1;
  return `t_${process.pid}_${made}_${randomBytes(3).toString('hex')}`;
}

/** A database of the test's own, cloned from the migrated template and dropped when it ends. */
export async function testDatabase(
  t: ExecutionContext<unknown>,
  options: DatabaseOptions = {},
): Promise<TestDatabase> {
  const name = uniqueName();
  const template = templateOf(options.template ?? 'engine');
  const server = serverUrl();
  await withClient(server, 'pgtally test', (client) =>
    client.query(`create database ${name} template ${template}`),
  );
  const url = onDatabase(server, name);
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE, application_name: 'test sql' });
  pool.on('error', () => undefined);
  const clients: pg.Client[] = [];
  t.teardown(async () => {
    await Promise.allSettled([...clients.map((client) => client.end()), pool.end()]);
    await withClient(server, 'pgtally test', (client) => dropDatabase(client, server, name));
  });
  return {
    name,
    url,
    client: async (application = 'test session') => {
      const client = await connect(url, application);
      clients.push(client);
      return client;
    },
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await pool.query<Row>(text, values)).rows,
  };
}

/** For a server that nobody else uses. */
export async function dropTestDatabases(url: string): Promise<void> {
  await withClient(url, 'pgtally test run', async (client) => {
    const left = await client.query<{ datname: string }>(
      `select datname from pg_catalog.pg_database where datname ~ '^t_\\d+_\\d+_'`,
    );
    for (const { datname } of left.rows) await dropDatabase(client, url, datname);
  });
}

/** `with (force)` cuts sessions, but not prepared transactions: a test may have left some. */
async function dropDatabase(client: pg.Client, server: string, name: string): Promise<void> {
  const left = await client.query<{ gid: string }>(
    'select gid from pg_catalog.pg_prepared_xacts where database = $1',
    [name],
  );
  if (left.rows.length > 0) {
    await withClient(onDatabase(server, name), 'pgtally test', async (inside) => {
      for (const { gid } of left.rows) {
        await inside.query(`rollback prepared ${pg.escapeLiteral(gid)}`);
      }
    });
  }
  await until(
    async () => {
      await client.query(`drop database if exists ${name} with (force)`);
      return true;
    },
    { what: `dropping database ${name}` },
  );
}

function templateOf(kind: NonNullable<DatabaseOptions['template']>): string {
  if (kind === 'empty') return 'template0';
  const { TALLY_TEST_TEMPLATE: template, TALLY_TEST_TEMPLATE_ERROR: problem } = process.env;
  if (template !== undefined) return kind === 'engine' ? template : `${template}_apps`;
  throw new Error(`there is no migrated template: ${problem ?? 'run tests with `npm test`'}`);
}
