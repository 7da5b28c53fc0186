import type pg from 'pg';
import { atOnce, backendPid, connect, withClient } from '../database.js';

const ECHO_MS = 2000;
const ECHO_CHANNEL = 'tally_echo';

/**
 * Why sessions there cannot be relied upon for LISTEN and session locks; undefined when they can.
 * A pooler in transaction mode takes a LISTEN and never brings a notification.
 */
export async function faultOf(url: string): Promise<string | undefined> {
  return await withClient(url, 'pgtally-probe', (client) => faultOfSession(client, url));
}

const processes = new WeakMap<pg.Client, number>();

/** PostgreSQL's number of the process that serves it: a pooler gives its clients one of its own. */
export function processOf(client: pg.Client): number | undefined {
  return processes.get(client);
}

/** The same of a session that is there already; nothing has been set on it yet. */
export async function faultOfSession(client: pg.Client, url: string): Promise<string | undefined> {
  const { rows } = await client.query<{ standby: boolean; pid: number }>(
    atOnce('select pg_catalog.pg_is_in_recovery() as standby, pg_catalog.pg_backend_pid() as pid'),
  );
  if (rows[0]?.standby === true) {
    return 'this is a standby, which is only read: DATABASE_LISTEN_URL must name the primary';
  }
  if (rows[0] !== undefined) processes.set(client, rows[0].pid);
  const isDirect = backendPid(client) === rows[0]?.pid;
  if (isDirect || (await hearsItself(client, url))) return undefined;
  return (
    'a connection pooler in transaction mode stands before it, and no notification passes: ' +
    'DATABASE_LISTEN_URL must name the server itself'
  );
}

/** Does a notification sent by one session reach another? */
async function hearsItself(client: pg.Client, url: string): Promise<boolean> {
  const token = `${process.pid}.${Math.random()}`;
  await client.query(atOnce(`listen ${ECHO_CHANNEL}`));
  const sender = await connect(url, 'pgtally-probe');
  try {
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), ECHO_MS);
      client.on('notification', ({ payload }) => {
        if (payload !== token) return;
        clearTimeout(timer);
        resolve(true);
      });
      void sender
        .query('select pg_catalog.pg_notify($1, $2)', [ECHO_CHANNEL, token])
        .catch(() => resolve(false));
    });
  } finally {
    await sender.end().catch(() => undefined);
  }
}
