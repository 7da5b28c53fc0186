import { atOnce, targetOf, withClient } from '../database.js';
import { codeOf, UserError } from '../errors.js';
import { NOT_ALLOWED, NOT_THERE } from '../sql-error.js';
import { MIGRATE, VERSION } from '../version.js';

/** It has all that it should, and cannot be written. */
export class ReadOnlyError extends UserError {}

/** Throws a UserError when the database is there, and not one that this server can serve. */
export async function refuseUnfit(url: string, variable = 'DATABASE_URL'): Promise<void> {
  const target = targetOf(url);
  await withClient(url, 'pgtally-check', async (client) => {
    const { rows } = await client.query<{ standby: boolean; read_only: string }>(
      atOnce(
        `select pg_catalog.pg_is_in_recovery() as standby,
                pg_catalog.current_setting('default_transaction_read_only') as read_only`,
      ),
    );
    if (rows[0]?.standby === true) {
      throw new ReadOnlyError(`${target} is a standby, which can only be read`, {
        hint: `${variable} must name the primary`,
      });
    }
    if (rows[0]?.read_only === 'on') {
      throw new ReadOnlyError(`transactions in ${target} are read-only by default`, {
        hint: 'alter database … reset default_transaction_read_only, or the same for the role',
      });
    }
    const installed = await installedVersion(
      () => client.query(atOnce('select tally.version()')),
      target,
    );
    if (installed === VERSION) return;
    const isOlder = compare(installed, VERSION) < 0;
    throw new UserError(
      `the engine in ${target} is of release ${installed}, this server of ${VERSION}`,
      {
        hint: isOlder
          ? `bring the database up to date: ${MIGRATE}`
          : `install pgtally ${installed}: a server does not work with a newer engine`,
      },
    );
  });
}

/** Throws a UserError where the two name different databases. */
export async function refuseAnother(databaseUrl: string, listenUrl: string): Promise<void> {
  const [database, listen] = await Promise.all([databaseUrl, listenUrl].map(identityOf));
  if (database === listen) return;
  const [here, there] = [targetOf(databaseUrl), targetOf(listenUrl)];
  throw new UserError(`DATABASE_LISTEN_URL names ${there}, which is not the database of ${here}`, {
    hint: 'both must name one database: DATABASE_LISTEN_URL the server itself, past the pooler',
  });
}

/** The same through a pooler, and whatever time zone either login has. */
async function identityOf(url: string): Promise<string> {
  return await withClient(url, 'pgtally-check', async (client) => {
    const { rows } = await client.query<{ identity: string }>(
      atOnce(
        `select pg_catalog.concat(
                  d.oid, ' ', extract(epoch from pg_catalog.pg_postmaster_start_time())
                ) as identity
         from pg_catalog.pg_database d where d.datname = pg_catalog.current_database()`,
      ),
    );
    return rows[0]?.identity ?? '';
  });
}

type Answer = { rows: { version?: unknown }[] };

async function installedVersion(ask: () => Promise<Answer>, target: string): Promise<string> {
  try {
    const { rows } = await ask();
    return String(rows[0]?.version);
  } catch (error) {
    const code = codeOf(error);
    if (code === NOT_ALLOWED) {
      throw new UserError(`the user may not use schema tally in ${target}`, {
        hint: 'grant tally_server to the role that the server logs in as',
        cause: error,
      });
    }
    if (!NOT_THERE.has(code)) throw error;
    throw new UserError(`there is no pgtally in ${target}, or an unfinished one`, {
      hint: `install it: ${MIGRATE}`,
      cause: error,
    });
  }
}

function compare(left: string, right: string): number {
  const numbers = (version: string) => version.split(/[.-]/).map(Number);
  const theirs = numbers(right);
  const at = numbers(left).findIndex((number, place) => number !== theirs[place]);
  return at < 0 ? 0 : (numbers(left)[at] ?? 0) - (theirs[at] ?? 0);
}
