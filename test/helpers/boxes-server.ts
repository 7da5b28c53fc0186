import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type pg from 'pg';
import { withClient } from '../../src/database.js';
import { installBoxes, type Movers, startMovers } from './boxes.js';
import { clusterDatabase, engineDatabase } from './cluster.js';
import { testDatabase } from './database.js';
import type { Sql } from './engine.js';
import { type LiveServer, type LiveServerOptions, startLiveServer } from './live-server.js';
import { openProxy, type TcpProxy } from './proxy.js';
import { openStream, type Stream, type StreamRequest } from './sse.js';

/** A server in front of the boxes, for one test. */

const TURNED_AWAY_MAX = 5;

export type BoxesDatabase = {
  readonly url: string;
  readonly sql: Sql;
  client(application?: string): Promise<pg.Client>;
};

export type BoxesOptions = Omit<LiveServerOptions, 'databaseUrl'> & {
  /** Another server on the database of an earlier one. */
  readonly on?: BoxesDatabase;
  /** On a PostgreSQL of the test's own. */
  readonly cluster?: string;
  /** False: another session holds the place of the one that pulses, and never does. */
  readonly pulses?: boolean;
};

export type BoxesServer = {
  readonly server: LiveServer;
  readonly database: BoxesDatabase;
  /** In front of PostgreSQL, for the server alone. */
  readonly proxy: TcpProxy;
  /** So many entries with their twins, each committed when this returns. */
  write(count: number): Promise<void>;
};

export async function boxesServer(
  t: ExecutionContext<unknown>,
  options: BoxesOptions = {},
): Promise<BoxesServer> {
  const { on, cluster, pulses = true, ...rest } = options;
  const database = on ?? (await newDatabase(t, cluster));
  if (!pulses) await (await database.client('attends')).query('select tally.attend()');
  const proxy = await openProxy(database.url);
  t.teardown(() => proxy.close());
  const server = await startLiveServer({ ...rest, databaseUrl: proxy.through(database.url) });
  t.teardown(async () => {
    // What a fault left hanging shall not hold up the end.
    proxy.refuse(false);
    proxy.set({});
    await server.stop();
  });
  return {
    server,
    database,
    proxy,
    write: (count) =>
      withClient(database.url, 'test writer', async (client) => {
        for (let done = 0; done < count; done += 1) {
          await client.query('begin');
          await client.query('insert into public.entries default values');
          await client.query('insert into public.twins default values');
          await client.query('commit');
        }
      }),
  };
}

async function newDatabase(
  t: ExecutionContext<unknown>,
  cluster: string | undefined,
): Promise<BoxesDatabase> {
  if (cluster === undefined) {
    const made = await testDatabase(t);
    await installBoxes(made.url);
    return made;
  }
  const { url } = await engineDatabase(t, cluster);
  await installBoxes(url);
  return clusterDatabase(t, url);
}

/** Movers that end with the test, also when it fails. */
export function movers(
  t: ExecutionContext<unknown>,
  { url }: { readonly url: string },
  options: Parameters<typeof startMovers>[1] = {},
): Movers {
  const started = startMovers(url, options);
  t.teardown(() => started.stop());
  return started;
}

/**
 * A stream that is closed with the test. Where the server only says when to come back, as when its
 * database did not answer in time, it comes back then, like a browser.
 */
export async function open(
  t: ExecutionContext<unknown>,
  { url }: { readonly url: string },
  request: Omit<StreamRequest, 'base'>,
): Promise<Stream> {
  for (let left = TURNED_AWAY_MAX; ; left -= 1) {
    const stream = await openOnce(t, { url }, request);
    if (!stream.isTurnedAway || left === 0) return stream;
    await stream.recorder.over();
    const [retryMs = 0] = stream.recorder.retries;
    t.log(`${url} says to come back in ${retryMs} ms`);
    await pause(retryMs);
  }
}

/** The first answer, also where it is no stream but when to come back. */
export async function openOnce(
  t: ExecutionContext<unknown>,
  { url }: { readonly url: string },
  request: Omit<StreamRequest, 'base'>,
): Promise<Stream> {
  const stream = await openStream({ ...request, base: url });
  t.teardown(() => stream.close());
  return stream;
}
