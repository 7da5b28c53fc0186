import type pg from 'pg';
import { UserError } from '../errors.js';

/** "tally" in ASCII. A session lock: it ends with the session, however that ends. */
const LOCK_KEY = '499968896121';
const TELL_AFTER_MS = 2_000;

type Holder = { readonly pid: number; readonly application: string; readonly since: Date };

/**
 * Waits until no other migration runs in this database, and tells who is waited for. `watcher` is a
 * second session: the first one is busy waiting.
 */
export async function takeLock(
  client: pg.Client,
  watcher: pg.Client,
  report: (line: string) => void,
): Promise<void> {
  const waiting = client.query(`select pg_catalog.pg_advisory_lock(${LOCK_KEY})`);
  let telling: Promise<void> | undefined;
  const timer = setTimeout(() => {
    telling = tellHolder(watcher, report).catch(() => undefined);
  }, TELL_AFTER_MS);
  try {
    await waiting;
  } finally {
    clearTimeout(timer);
    await telling;
  }
  await checkLock(client);
}

async function tellHolder(watcher: pg.Client, report: (line: string) => void): Promise<void> {
  const { rows } = await watcher.query<Holder>(
    `select a.pid, a.application_name as application, a.backend_start as since
     from pg_catalog.pg_locks as l
     join pg_catalog.pg_stat_activity as a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select d.oid from pg_catalog.pg_database as d
         where d.datname = pg_catalog.current_database())
       and (l.classid::bigint << 32 | l.objid::bigint) = ${LOCK_KEY}`,
  );
  const holder = rows[0];
  if (holder === undefined) return;
  const { pid, application, since } = holder;
  report(
    `waiting for another migration of this database to end: ` +
      `process ${pid} (${application}), connected since ${since.toISOString()}`,
  );
}

/** Behind a transaction pooler the lock stays with some other session, and protects nothing. */
export async function checkLock(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ held: boolean }>(
    `select exists (
       select from pg_catalog.pg_locks as l
       where l.locktype = 'advisory' and l.granted and l.pid = pg_catalog.pg_backend_pid()
         and (l.classid::bigint << 32 | l.objid::bigint) = ${LOCK_KEY}
     ) as held`,
  );
  if (rows[0]?.held === true) return;
  throw new UserError('the migration lock is not held by the session that took it', {
    hint: 'connect straight to PostgreSQL: a pooler in transaction mode stands between',
  });
}
