import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import { migrate } from '../../src/migrate.js';
import { onDatabase } from './database.js';
import type { Sql } from './engine.js';
import { leaveNothingToChance } from './template.js';

/** A database on a server of the test's own, which may be stopped and killed meanwhile. */
export type ClusterDatabase = {
  readonly url: string;
  /** One statement in a session of its own: none is left open for a server that is stopped. */
  readonly sql: Sql;
  client(application?: string): Promise<pg.Client>;
};

export function clusterDatabase(t: ExecutionContext<unknown>, url: string): ClusterDatabase {
  const clients: pg.Client[] = [];
  t.teardown(() => Promise.allSettled(clients.map((client) => client.end())));
  return {
    url,
    sql: <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      withClient(url, 'test sql', async (client) => (await client.query<Row>(text, values)).rows),
    client: async (application = 'test session') => {
      const client = await connect(url, application);
      clients.push(client);
      return client;
    },
  };
}

/** A new database with the engine in it, on the server whose `postgres` database the URL names. */
export async function engineDatabase(
  t: ExecutionContext<unknown>,
  serverUrl: string,
  name = 'counted',
): Promise<ClusterDatabase> {
  await withClient(serverUrl, 'test', (client) =>
    client.query(`create database ${pg.escapeIdentifier(name)}`),
  );
  const url = onDatabase(serverUrl, name);
  await migrate({ url, engineOnly: true });
  await withClient(url, 'test', leaveNothingToChance);
  return clusterDatabase(t, url);
}
