import type { ConnectionOptions } from 'node:tls';
import { applyMigrations, connect, sql } from '@databases/pg-migrations';
import type pg from 'pg';
import { UserError } from '../errors.js';
import { describeSqlError } from '../sql-error.js';
import { appliedTable, recordedFiles, versionTable } from './books.js';
import { isConnectionLost } from './session.js';
import type { NumberedFile, Tree } from './tree.js';

/** Applies the files that are not recorded yet, one transaction each, and proves that they are. */
export async function applyNumbered(
  client: pg.Client,
  tree: Tree,
  pending: readonly NumberedFile[],
  report: (line: string) => void,
): Promise<void> {
  if (pending.length === 0) return;
  const pool = connect(poolConfig(client));
  let current: string = `${tree.part}/migrations`;
  try {
    // The pool has one connection, so this holds for the migrations that follow on it.
    await pool.query(sql`set statement_timeout = 0`);
    await applyMigrations({
      connection: pool,
      migrationsDirectory: tree.numberedDir,
      versionTableName: versionTable(tree.part),
      appliedMigrationsTableName: appliedTable(tree.part),
      beforeOperation: (operation) => {
        if (operation.kind === 'apply') current = `${tree.part}/migrations/${operation.value.name}`;
        return Promise.resolve(undefined);
      },
      afterOperation: (operation) => {
        if (operation.kind === 'applied') report(`applied sql/${current}`);
        return Promise.resolve();
      },
    });
  } catch (error) {
    const text = pending.find(({ path }) => path === current)?.text ?? '';
    throw failedFile(error, current, text);
  } finally {
    await pool.dispose();
  }
  await proveRecorded(client, tree);
}

/** The library reads URLs in ways of its own: it gets the parts that the first session was opened with. */
function poolConfig(client: pg.Client) {
  return {
    connectionString: false as const,
    host: client.host,
    port: client.port,
    user: client.user ?? '',
    password: client.password ?? '',
    database: client.database ?? '',
    ssl: tlsOf(client),
    applicationName: 'pgtally migrate',
    bigIntMode: 'string' as const,
    poolSize: 1,
    onError: () => undefined,
  };
}

/** Typed as a boolean, but it is the options where the URL names certificates. */
function tlsOf(client: pg.Client): ConnectionOptions | 'disable' {
  const ssl: unknown = client.ssl;
  if (isOptions(ssl)) return ssl;
  return ssl === true ? {} : 'disable';
}

function isOptions(ssl: unknown): ssl is ConnectionOptions {
  return typeof ssl === 'object' && ssl !== null;
}

/** The library sends statement by statement: a position would count from the wrong start. */
function failedFile(error: unknown, path: string, text: string): unknown {
  if (isConnectionLost(error)) return error;
  const reason = describeSqlError(error);
  // What cuts the file into statements does not know these two.
  const known = /\be'[^']*\\'/i.test(text) || /\bbegin\s+atomic\b/i.test(text);
  const hint = known
    ? "write '' for a quote in a string, not \\', and $$ around a function's body, not begin atomic"
    : 'mend the file and migrate again: the files before it stay applied';
  return new UserError(`sql/${path} failed, and nothing of it was kept: ${reason}`, {
    hint,
    cause: error,
  });
}

/**
 * The library says nothing when it gives up half way (it does so when it sees the table of applied
 * files change between two files), so its word is not taken for it.
 */
async function proveRecorded(client: pg.Client, tree: Tree): Promise<void> {
  const recorded = new Map(
    (await recordedFiles(client, tree.part)).map((file) => [file.name, file.script]),
  );
  const unproved = tree.numbered.find(({ name, text }) => recorded.get(name) !== text);
  if (unproved === undefined && recorded.size === tree.numbered.length) return;
  const name = unproved === undefined ? `${appliedTable(tree.part)}` : `sql/${unproved.path}`;
  throw new UserError(`${name} is not recorded as applied after the migration`, {
    hint: `someone else changed ${appliedTable(tree.part)} meanwhile, or the file: migrate again`,
  });
}
