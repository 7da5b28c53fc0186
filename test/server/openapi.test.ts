import test from 'ava';
import { z } from 'zod';
import { PROBLEMS } from '../../src/http/problems.js';
import { ask, httpServer } from '../helpers/http.js';
import { SECRET, token } from '../helpers/tokens.js';
import { until } from '../helpers/wait.js';

type Described = {
  readonly description: string;
  readonly headers?: Record<string, unknown>;
  readonly content?: Record<string, { readonly schema: unknown }>;
};
type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: unknown }[];
  readonly responses: Record<string, Described>;
};
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, { readonly get: Operation }>;
  readonly components: { readonly schemas: Record<string, unknown> };
};

const BEFORE_A_ROUTE = ['malformed-request', 'request-timeout', 'headers-too-large', 'not-found'];
const OF_APPLICATIONS = ['conflict', 'body-too-large', 'unsupported-media-type', 'webhooks-off'];

/** References replaced by what they refer to, so that one schema can be checked by itself. */
function resolved(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((inner) => resolved(inner, schemas));
  if (typeof value !== 'object' || value === null) return value;
  if ('$ref' in value) {
    const name = String(value.$ref).replace('#/components/schemas/', '');
    if (!(name in schemas)) throw new Error(`${String(value.$ref)} leads nowhere`);
    return resolved(schemas[name], schemas);
  }
  const entries = Object.entries(value).map(([key, inner]) => [key, resolved(inner, schemas)]);
  return Object.fromEntries(entries);
}

test('/openapi.json describes every path, parameter and answer', async (t) => {
  const { get } = await httpServer(t);
  const document = (await get('/openapi.json')).json as unknown as Document;
  t.regex(document.openapi, /^3\.1\./);
  t.deepEqual(Object.keys(document.paths), [
    '/v1/counters/{name}',
    '/v1/counters/{name}/{scope}',
    '/v1/summaries/{name}',
    '/v1/summaries/{name}/{scope}',
    '/v1/topics',
    '/v1/stream',
    '/health',
    '/ready',
    '/metrics',
    '/api/admin/cache-stats',
    '/api/admin/db-pool-stats',
    '/openapi.json',
  ]);
  for (const [path, { get: operation }] of Object.entries(document.paths)) {
    t.truthy(operation.summary, path);
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const inPath = operation.parameters.filter((one) => one.in === 'path' && one.required);
    t.deepEqual(
      inPath.map(({ name }) => name),
      named,
      path,
    );
    for (const status of ['200', '400', '405', '500']) t.truthy(operation.responses[status], path);
  }
  const { parameters } = document.paths['/v1/stream']?.get ?? { parameters: [] };
  t.deepEqual(
    parameters.map((one) => `${one.in} ${one.name} ${one.required}`),
    ['query topic true', 'query last_event_id false', 'header Last-Event-ID false'],
  );
  const text = JSON.stringify(document);
  for (const kind of Object.keys(PROBLEMS)) {
    if (BEFORE_A_ROUTE.includes(kind) || OF_APPLICATIONS.includes(kind)) continue;
    t.true(text.includes(`\`${kind}\``), kind);
  }
  t.notRegex(text, new RegExp(`${SECRET}|undefined`));
});

test('each real answer is as its description says: status, type, headers and schema', async (t) => {
  const { url, get, database } = await httpServer(t);
  const document = (await get('/openapi.json')).json as unknown as Document;
  await database.sql(`insert into public.things (kind, amount) values ('a', 12)`);
  const admin = { authorization: `Bearer ${await token({ sub: '1', roles: ['admin'] })}` };
  // Until then the tag is going to change once more.
  await until(async () => (await database.sql('select from tally.deltas')).length === 0);
  const etag = (await get('/v1/counters/things')).headers.get('etag') ?? '';
  const cases: [path: string, asked: string, headers: Record<string, string>, status: number][] = [
    ['/v1/counters/{name}', '/v1/counters/things', {}, 200],
    ['/v1/counters/{name}', '/v1/counters/amounts', {}, 200],
    ['/v1/counters/{name}', '/v1/counters/things', { 'if-none-match': etag }, 304],
    ['/v1/counters/{name}', '/v1/counters/BAD', {}, 400],
    ['/v1/counters/{name}', '/v1/counters/team_things', {}, 401],
    ['/v1/counters/{name}', '/v1/counters/team_things', admin, 403],
    ['/v1/counters/{name}', '/v1/counters/nothing', {}, 404],
    ['/v1/counters/{name}/{scope}', '/v1/counters/per_kind/a', {}, 200],
    ['/v1/summaries/{name}', '/v1/summaries/things', {}, 404],
    ['/v1/topics', '/v1/topics?topic=things&topic=per_kind:a', {}, 200],
    ['/v1/topics', '/v1/topics', {}, 400],
    ['/v1/stream', '/v1/stream?topic=things', { accept: 'text/html' }, 406],
    ['/v1/stream', '/v1/stream?topic=nothing', {}, 404],
    ['/health', '/health', {}, 200],
    ['/ready', '/ready', {}, 200],
    ['/metrics', '/metrics', {}, 200],
    ['/api/admin/cache-stats', '/api/admin/cache-stats', admin, 200],
    ['/api/admin/cache-stats', '/api/admin/cache-stats', {}, 401],
    ['/api/admin/db-pool-stats', '/api/admin/db-pool-stats', admin, 200],
    ['/openapi.json', '/openapi.json', {}, 200],
  ];
  for (const [path, asked, headers, status] of cases) {
    const answer = await ask(url + asked, { headers });
    const what = `${asked} ${status}`;
    t.is(answer.status, status, what);
    const described = document.paths[path]?.get.responses[String(status)];
    if (described === undefined) {
      t.fail(`${what} is not described`);
      continue;
    }
    for (const name of Object.keys(described.headers ?? {})) {
      if (name !== 'Vary') t.truthy(answer.headers.get(name), `${what} ${name}`);
    }
    const type = answer.headers.get('content-type')?.split(';')[0];
    t.deepEqual(Object.keys(described.content ?? {}), type === undefined ? [] : [type], what);
    const schema = type === undefined ? undefined : described.content?.[type]?.schema;
    if (schema === undefined || type === 'text/plain') continue;
    const strict = z.fromJSONSchema(
      resolved(schema, document.components.schemas) as Parameters<typeof z.fromJSONSchema>[0],
    );
    const parsed = strict.safeParse(answer.json);
    t.true(parsed.success, `${what}: ${parsed.error?.message}`);
  }
});
