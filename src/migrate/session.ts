import type pg from 'pg';
import { UserError } from '../errors.js';
import { describeSqlError, isSqlError } from '../sql-error.js';

const OLDEST_MAJOR = 15;
const NEWEST_MAJOR = 18;
const INSUFFICIENT_PRIVILEGE = '42501';

/** Time-outs are meant for the application: a fill may take longer. Names are all qualified. */
export async function prepareSession(client: pg.Client): Promise<void> {
  await client.query(`
    set statement_timeout = 0;
    set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    set client_min_messages = warning;
    set search_path = ''`);
}

/** Resolves to a warning, if any. */
export async function checkServer(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ number: number; version: string; standby: boolean }>(
    `select pg_catalog.current_setting('server_version_num')::int as number,
       pg_catalog.current_setting('server_version') as version,
       pg_catalog.pg_is_in_recovery() as standby`,
  );
  const { number = 0, version = 'unknown', standby = false } = rows[0] ?? {};
  if (standby) {
    throw new UserError('this server is a standby, where nothing can be written', {
      hint: 'migrate its primary: what is done there arrives here',
    });
  }
  return checkVersion(number, version);
}

export function checkVersion(number: number, version: string): string | undefined {
  const major = Math.floor(number / 10_000);
  if (major < OLDEST_MAJOR) {
    throw new UserError(
      `PostgreSQL ${version} is too old: pgtally needs ${OLDEST_MAJOR} or newer`,
      {
        hint: 'upgrade the server, or unset DATABASE_URL to use the embedded one',
      },
    );
  }
  if (major <= NEWEST_MAJOR) return undefined;
  return `PostgreSQL ${version} is newer than what was tested, which ends with ${NEWEST_MAJOR}`;
}

export function isConnectionLost(error: unknown): boolean {
  // 57P01 to 57P03: the server ends the session because it is stopped, or because it crashed.
  if (isSqlError(error)) return /^57P0[123]$/.test(error.code ?? '');
  return error instanceof Error && /terminated|ECONNRESET|EPIPE|not queryable/i.test(error.message);
}

export function migrationError(error: unknown, target: string): unknown {
  if (error instanceof UserError) return error;
  if (isConnectionLost(error)) {
    return new UserError(`the connection to ${target} was lost: ${describeSqlError(error)}`, {
      hint: 'nothing of the file it was at was kept: migrate again',
      cause: error,
    });
  }
  if (!isSqlError(error)) return error;
  const hint =
    error.code === INSUFFICIENT_PRIVILEGE
      ? 'migrate as the owner of the database, who also needs CREATEROLE the first time'
      : 'nothing of this step was kept: mend the cause and migrate again';
  const message = `migrating ${target} failed: ${describeSqlError(error)}`;
  return new UserError(message, { hint, cause: error });
}
