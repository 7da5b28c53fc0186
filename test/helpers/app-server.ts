import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { loadConfig } from '../../src/config.js';
import { serve } from '../../src/main.js';
import { type TestDatabase, testDatabase } from './database.js';
import type { Frame } from './frames.js';
import { type Answer, ask } from './http.js';
import { openStream, type Stream } from './sse.js';
import { SECRET, token } from './tokens.js';

/** The server on a database with the applications, and people who use it. */

export const WEBHOOK_SECRET = 'a secret for webhooks in tests, 32 bytes';

export type Somebody = {
  readonly id: string;
  readonly token: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  patch(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  delete(path: string, body?: unknown): Promise<Answer>;
  /** A stream whose every sync carries a whole answer. */
  stream(path: string): Promise<WholeStream>;
};

export type WholeStream = Stream & {
  /** Resolves with the first sync, from the newest on, that is as wished. */
  whole(wished: (value: never) => boolean, what?: string): Promise<unknown>;
};

export type AppServer = {
  readonly url: string;
  readonly database: TestDatabase;
  readonly nobody: Somebody;
  /** Somebody who has signed up and been approved; `roles` are in the token only. */
  person(name: string, roles?: readonly string[]): Promise<Somebody>;
  /** A token for an id of nobody's, or of somebody who is there already. */
  as(id: string, roles?: readonly string[]): Promise<Somebody>;
};

export async function appServer(
  t: ExecutionContext<unknown>,
  env: NodeJS.ProcessEnv = {},
): Promise<AppServer> {
  const database = await testDatabase(t, { template: 'apps' });
  const { url, stop } = await serve({
    config: loadConfig({
      PORT: '0',
      TALLY_POOL_SIZE: '8',
      TALLY_IDLE_MS: '200',
      TALLY_JWT_SECRET: SECRET,
      WEBHOOK_SECRET,
      LOG_LEVEL: 'error',
      ...env,
    }),
    url: database.url,
  });
  t.teardown(stop);
  const as = async (id: string, roles: readonly string[] = []) =>
    somebody(url, id, await token({ sub: id, roles }));
  return {
    url,
    database,
    nobody: somebody(url, '', ''),
    as,
    person: async (name, roles) => {
      const id = randomUUID();
      await database.sql(
        `insert into accounts.users (id, email, name, status, decided_at)
         values ($1, $2, $3, 'approved', now())`,
        [id, `${id}@example.org`, name],
      );
      return await as(id, roles);
    },
  };
}

function somebody(url: string, id: string, bearer: string): Somebody {
  const authorization: Record<string, string> =
    bearer === '' ? {} : { authorization: `Bearer ${bearer}` };
  const send = (method: string) => async (path: string, body?: unknown) =>
    await ask(url + path, {
      method,
      headers: { ...authorization, ...(body === undefined ? {} : JSON_HEADERS) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    id,
    token: bearer,
    get: async (path, headers = {}) =>
      await ask(url + path, { headers: { ...authorization, ...headers } }),
    post: send('POST'),
    patch: send('PATCH'),
    put: send('PUT'),
    delete: send('DELETE'),
    stream: async (path) => {
      const stream = await openStream({ base: url, path, topics: [], token: bearer || undefined });
      return { ...stream, whole: (wished, what) => whole(stream, wished, what) };
    },
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

async function whole(
  { recorder }: Stream,
  wished: (value: never) => boolean,
  what = 'the whole as wished',
): Promise<unknown> {
  const of = ({ data }: Frame) => JSON.parse(data) as never;
  const last = recorder.frames.findLastIndex(({ event }) => event === 'sync');
  const frame = await recorder.until((one) => one.event === 'sync' && wished(of(one)), {
    what,
    skip: Math.max(last, 0),
  });
  return of(frame);
}
