import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { createTally, type TallyOptions, UserError } from '../../src/index.js';
import { ask, countedDatabase, get } from '../helpers/http.js';
import { SECRET, token } from '../helpers/tokens.js';
import { until } from '../helpers/wait.js';

type Mounted = { readonly app: Koa; listen(): Promise<string> };

async function mounted(t: ExecutionContext, options: Partial<TallyOptions> = {}) {
  const database = await countedDatabase(t);
  const app = new Koa();
  app.silent = true;
  const tally = await createTally({
    databaseUrl: database.url,
    poolSize: 3,
    idleMs: 200,
    jwtSecret: SECRET,
    ...options,
  });
  const server = createServer();
  const listen: Mounted['listen'] = async () => {
    server.on('request', app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await tally.close();
  });
  return { database, app, tally, listen };
}

test('in somebody’s own application it answers its own paths below a prefix, and no others', async (t) => {
  const { app, tally, listen, database } = await mounted(t);
  app.use(async (ctx, next) => {
    await next();
    ctx.set('X-Host', 'was here');
  });
  app.use(tally.routes({ prefix: '/tally' }));
  app.use((ctx) => {
    if (ctx.path === '/own') ctx.body = 'own';
  });
  const url = await listen();
  await database.sql('insert into public.things default values');
  const read = await get(`${url}/tally/v1/counters/things`);
  t.is(read.json.value, 1);
  t.is(read.headers.get('x-host'), 'was here', 'middleware around it goes on working');
  t.is((await get(`${url}/own`)).text, 'own');
  for (const path of ['/v1/counters/things', '/tally', '/tally/health', '/tally/x', '/tallyv1']) {
    t.is((await get(url + path)).text, 'Not Found', path);
  }
  const wrong = await get(`${url}/tally/v1/counters/BAD`);
  t.is(wrong.json.type, '/problems/invalid-request');
  t.is((await ask(`${url}/tally/v1/topics`, { method: 'POST' })).status, 405);
  const { json } = await get(`${url}/tally/openapi.json`);
  t.deepEqual(json.servers, [{ url: '/tally' }]);
});

test('with operations it has /health, /ready and /metrics below the prefix too', async (t) => {
  const { app, tally, listen } = await mounted(t);
  app.use(tally.routes({ prefix: '/tally', operations: true }));
  const url = await listen();
  t.is((await get(`${url}/tally/health`)).status, 200);
  t.regex((await get(`${url}/tally/metrics`)).text, /^pgtally_info\{/m);
  t.deepEqual((await get(`${url}/tally/ready`)).json.ready, (await tally.health()).ready);
  t.regex(await tally.metrics(), /^pgtally_http_requests_total\{route="health",status="200"\} 1$/m);
});

test('an application may say by itself who asks', async (t) => {
  const { app, tally, listen } = await mounted(t, {
    authenticate: async (ctx) => {
      const user = ctx.get('x-user');
      if (user === 'expired') ctx.throw(401, 'your session has ended');
      if (user === 'banned') ctx.throw(403, 'you are banned');
      if (user === 'bug') throw new Error('secret words');
      if (user === '') return undefined;
      return { subject: user, roles: ['team'], expiresAt: Date.now() + 60_000 };
    },
  });
  app.use(tally.routes());
  const url = await listen();
  const as = (user: string) => get(`${url}/v1/counters/team_things`, { 'x-user': user });
  t.is((await as('')).status, 401);
  t.is((await as('7')).status, 200);
  const expired = await as('expired');
  t.is(expired.status, 401);
  t.is(expired.json.detail, 'your session has ended');
  t.is((await as('banned')).status, 403);
  const bug = await as('bug');
  t.is(bug.status, 500);
  t.notRegex(bug.text, /secret words/);
  const authorization = `Bearer ${await token({ sub: '1', roles: ['team'] })}`;
  const ignored = await get(`${url}/v1/counters/team_things`, { authorization });
  t.is(ignored.status, 401, 'tokens then mean nothing');
});

/** Its timer has no handle and would keep the process alive. */
function sseMiddleware(options: object = {}): Koa.Middleware {
  const make = createRequire(import.meta.url)('koa-sse-stream') as (of: object) => Koa.Middleware;
  const { setInterval } = globalThis;
  globalThis.setInterval = ((...args: Parameters<typeof setInterval>) =>
    setInterval(...args).unref()) as typeof setInterval;
  try {
    return make(options);
  } finally {
    globalThis.setInterval = setInterval;
  }
}

test('behind koa-sse-stream streams go through ctx.sse, and problems are problems all the same', async (t) => {
  const { app, tally, listen, database } = await mounted(t, { sink: 'koa-sse-stream' });
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  app.use(sseMiddleware({ maxClients: 2 }));
  app.use(tally.routes());
  const url = await listen();
  // More often than the middleware has places: an answer that left its place taken would show.
  for (let round = 0; round < 4; round += 1) {
    const wrong = await get(`${url}/v1/stream?topic=nothing`);
    t.is(wrong.status, 404);
    t.is(wrong.headers.get('content-type'), 'application/problem+json; charset=utf-8');
    t.is(wrong.json.type, '/problems/unknown-topic');
  }
  const closing = new AbortController();
  const texts = await Promise.all(
    [1, 2].map(async () => {
      const stream = await fetch(`${url}/v1/stream?topic=things`, { signal: closing.signal });
      t.is(stream.status, 200);
      const parts: string[] = [];
      const read = async () => {
        for await (const part of stream.body ?? []) parts.push(Buffer.from(part).toString());
      };
      void read().catch(() => undefined);
      return () => parts.join('');
    }),
  );
  await until(() => texts.every((text) => /event: sync/.test(text())));
  await database.sql('insert into public.things default values');
  await until(() => texts.every((text) => /"topic":"things","value":1,/.test(text())));
  const full = await get(`${url}/v1/stream?topic=things`);
  t.is(full.status, 200);
  t.regex(full.text, /^retry: \d{5}\n\n$/);
  closing.abort();
  const open = async () => /^pgtally_streams_open (\d+)$/m.exec(await tally.metrics())?.[1];
  await until(async () => (await open()) === '0');
  // Its place is free again, too.
  const again = new AbortController();
  const { body } = await fetch(`${url}/v1/stream?topic=things`, { signal: again.signal });
  for await (const part of body ?? []) if (/event: sync/.test(Buffer.from(part).toString())) break;
  again.abort();
  await until(async () => (await open()) === '0');
  t.deepEqual(errors, [], 'a client that leaves is no error of the application');
});

test('what is dangerous when wrong is refused before anything is opened', async (t) => {
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/nothing';
  const wrong: [options: TallyOptions, said: RegExp][] = [
    [{ databaseUrl, jwtSecret: 'short' }, /^jwtSecret must be at least 32 bytes/],
    [{ databaseUrl, jwtSecret: SECRET, jwksUrl: 'https://id.example/k' }, /are both set/],
    [{ databaseUrl: 'mysql://x/y' }, /^databaseUrl must be a URL like postgres/],
    [{ databaseUrl, poolSize: -1 }, /^poolSize must be a whole number from 1 .*it is "-1"/],
    [{ databaseUrl, streamsPerAddressMax: 0 }, /^streamsPerAddressMax must be /],
    [{ databaseUrl, tickMs: Number.NaN }, /^tickMs must be .*it is "NaN"/],
    [
      { databaseUrl, sink: 'socket' as 'plain' },
      /^sink must be plain or koa-sse-stream; it is "socket"$/,
    ],
    [{ databaseUrl, logLevel: 'loud' as 'info' }, /^logLevel must be one of .*; it is "loud"$/],
    [{ databaseUrl, metrics: 'off' as never }, /^metrics must be true or false; it is "off"$/],
    [{ databaseUrl, authenticate: 5 as never }, /^authenticate must be a function; it is 5$/],
    [{ databaseUrl, observe: {} as never }, /^observe must be a function; it is an object$/],
    [{ databaseUrl, tickms: 5 } as never, /^there is no option tickms$/],
    [undefined as never, /^createTally takes an object, and databaseUrl must be in it$/],
    [{} as never, /^databaseUrl must be a URL like .*; it is undefined$/],
    [{ databaseUrl: '' }, /^databaseUrl must be a URL like .*; it is something else$/],
  ];
  for (const [options, message] of wrong) {
    await t.throwsAsync(createTally(options), { instanceOf: UserError, message });
  }
  const { tally } = await mounted(t);
  for (const prefix of ['tally', '/tally/', '/a b', '/:id']) {
    t.throws(() => tally.routes({ prefix }), { instanceOf: UserError, message: /^the prefix is/ });
  }
});

test('a host’s own idea of who asks is taken as meant, and its mistakes are told to the host', async (t) => {
  const says: unknown[] = [null, { subject: 'ann' }, { subject: 5 }];
  // Its counter `mine` is for the owner of its scope.
  const { app, tally, listen } = await mounted(t, { authenticate: () => says[0] as never });
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  app.use(tally.routes());
  const url = await listen();
  t.is((await get(`${url}/v1/counters/mine/ann`)).status, 401, 'null is nobody');
  says.shift();
  t.is((await get(`${url}/v1/counters/mine/ann`)).status, 200, 'without roles there are none');
  t.is((await get(`${url}/v1/counters/mine/bob`)).status, 403);
  t.deepEqual(errors, []);
  says.shift();
  t.is((await get(`${url}/v1/counters/mine/ann`)).status, 500);
  t.regex(String(errors[0]), /subject is not a string/);
});

test('a viewer that a host says wrongly is nobody’s role, and an error that names the field', async (t) => {
  let said: unknown;
  const { app, tally, listen } = await mounted(t, { authenticate: () => said as never });
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  app.use(tally.routes());
  const url = await listen();
  const status = async (viewer: unknown, path = 'mine/ann') => {
    said = viewer;
    return (await get(`${url}/v1/counters/${path}`)).status;
  };
  const wrong: [viewer: unknown, named: RegExp][] = [
    [{ subject: 'bob', roles: 'administrator' }, /^TypeError: .* roles are not/],
    [{ subject: 'ann', roles: [1] }, /^TypeError: .* roles are not/],
    [{ subject: 'ann', roles: { admin: true } }, /^TypeError: .* roles are not/],
    [{ subject: 'ann', expiresAt: Number.NaN }, /^TypeError: .* expiresAt is not/],
    [{ subject: 'ann', expiresAt: 'tomorrow' }, /^TypeError: .* expiresAt is not/],
    [{}, /^TypeError: .* subject is not/],
    ['ann', /^TypeError: .* type is not/],
  ];
  for (const [viewer, named] of wrong) {
    t.is(await status(viewer), 500);
    t.regex(String(errors.pop()), named);
  }
  t.is(await status({ subject: 'ann', roles: null, expiresAt: null }), 200);
  t.is(await status({ subject: 'ann', expiresAt: Date.now() + 60_000 }), 200);
  t.is(await status({ subject: 'ann', expiresAt: Date.now() - 1 }), 401);
  t.is(await status({ subject: 'ann', expiresAt: 0 }, 'things'), 401, 'public ones too');
  t.deepEqual(errors, []);
});
