import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { loadConfig } from '../../src/config.js';
import { serve } from '../../src/main.js';
import { type TestDatabase, testDatabase } from './database.js';
import { SECRET } from './tokens.js';

/** The server inside of the process that tests it, on a database with a few counters. */

export type HttpServer = {
  readonly url: string;
  readonly database: TestDatabase;
  /** Lines of the log so far, as they were written. */
  readonly log: readonly string[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  stop(): Promise<void>;
};

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
};

/** One counter for each audience, on one table; `kind` is the scope where there is one. */
const COUNTERS = `
create table public.things (id bigint generated always as identity, kind text, amount numeric);
select tally.create_counter('things', 'public.things', audience => 'public');
select tally.create_counter('per_kind', 'public.things', scope => 'kind', audience => 'public');
select tally.create_counter('amounts', 'public.things', amount => 'amount', audience => 'public');
select tally.create_counter('team_things', 'public.things', audience => 'role:team');
select tally.create_counter('mine', 'public.things', scope => 'kind', audience => 'owner');
select tally.create_counter('hidden', 'public.things')`;

export async function countedDatabase(t: ExecutionContext<unknown>): Promise<TestDatabase> {
  const database = await testDatabase(t);
  for (const statement of COUNTERS.split(';')) await database.sql(statement);
  return database;
}

export async function httpServer(
  t: ExecutionContext<unknown>,
  env: NodeJS.ProcessEnv = {},
): Promise<HttpServer> {
  const database = await countedDatabase(t);
  const log: string[] = [];
  const serving = await serve({
    config: loadConfig({
      PORT: '0',
      TALLY_POOL_SIZE: '4',
      TALLY_IDLE_MS: '200',
      TALLY_JWT_SECRET: SECRET,
      ...env,
    }),
    url: database.url,
    logTo: { write: (line: string) => log.push(line) },
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= serving.stop();
    return stopping;
  };
  // Before the database is dropped: what is made last is taken down first.
  t.teardown(stop);
  const { url } = serving;
  return { url, database, log, stop, get: (path, headers = {}) => get(url + path, headers) };
}

export async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await fetch(url, { headers, redirect: 'error' });
  const body = await response.text();
  return answer(response, body);
}

export async function ask(url: string, request: RequestInit): Promise<Answer> {
  const response = await fetch(url, request);
  return answer(response, await response.text());
}

function answer({ status, headers }: Response, body: string): Answer {
  return {
    status,
    headers,
    text: body,
    get json() {
      return JSON.parse(body) as Record<string, unknown>;
    },
  };
}

/**
 * Sends bytes as they are, and returns all that comes back until the server hangs up. `ends`: says
 * that nothing more will come.
 */
export async function raw(url: string, bytes: string, { ends = false } = {}): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  if (ends) socket.end(bytes);
  else socket.write(bytes);
  return await text(socket);
}
