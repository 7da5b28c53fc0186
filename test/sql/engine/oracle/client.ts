import type pg from 'pg';
import { connect } from '../../../../src/database.js';

/**
 * A session for the oracle: deadlocks are found at once, because random writers make many, and
 * nothing is compiled for a query over a few rows.
 */
export async function openClient(url: string, name: string): Promise<pg.Client> {
  const client = await connect(url, name);
  await client.query(
    `set deadlock_timeout = '20ms'; set jit = off; set client_min_messages = error`,
  );
  return client;
}

export async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}
