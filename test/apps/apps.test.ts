import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { APPS } from '../../src/apps/apps.js';
import { appServer } from '../helpers/app-server.js';
import { ask } from '../helpers/http.js';

type Operation = { readonly operationId: string; readonly requestBody?: unknown };
type Paths = Record<string, Record<string, Operation>>;

test('/openapi.json describes each route of each application that is there, and no other', async (t) => {
  const { url, database, nobody } = await appServer(t);
  const paths = async () => (await nobody.get('/openapi.json')).json.paths as Paths;
  const before = await paths();
  t.deepEqual(Object.keys(before['/v1/leads/{id}/status'] ?? {}), ['patch']);
  t.truthy(before['/leads']?.post?.requestBody);
  const ids = Object.values(before).flatMap((path) => Object.values(path));
  t.is(new Set(ids.map(({ operationId }) => operationId)).size, ids.length);
  for (const [path, methods] of Object.entries(before)) {
    for (const method of Object.keys(methods)) {
      if (method === 'get' && path.endsWith('/stream')) continue;
      const real = path.replace(/\{\w+\}/g, '00000000-0000-4000-8000-000000000000');
      const { status, headers } = await ask(url + real, { method: method.toUpperCase() });
      t.false([405, 500].includes(status), `${method} ${path}: ${status}`);
      t.regex(headers.get('content-type') ?? '', /json|text\/plain/);
    }
  }
  await database.sql('drop schema leads cascade');
  const after = await paths();
  t.false('/leads' in after);
  t.true('/auth/signup' in after);
});

test('the server may call what its routes call, and has no right on any table of an application', async (t) => {
  const { database } = await appServer(t);
  const schemas = APPS.map(({ schema }) => schema);
  const tables = await database.sql(
    `select c.oid::regclass::text as name from pg_class c
     where c.relnamespace = any ($1::text[]::regnamespace[]) and c.relkind in ('r', 'p')
       and has_table_privilege('tally_server', c.oid, 'select, insert, update, delete, truncate')`,
    [schemas],
  );
  t.deepEqual(tables, []);
  const everybodys = await database.sql(
    `select p.oid::regprocedure::text as name from pg_proc p
     where p.pronamespace = any ($1::text[]::regnamespace[])
       and has_function_privilege('public', p.oid, 'execute')`,
    [schemas],
  );
  t.deepEqual(everybodys, []);
  const calls = await callsOf(schemas);
  t.true(calls.length >= 5);
  const callable = await database.sql<{ name: string }>(
    `select distinct p.pronamespace::regnamespace || '.' || p.proname as name from pg_proc p
     where has_function_privilege('tally_server', p.oid, 'execute')
       and has_schema_privilege('tally_server', p.pronamespace, 'usage')`,
  );
  const may = new Set(callable.map(({ name }) => name));
  t.deepEqual(
    calls.filter((name) => !may.has(name)),
    [],
  );
});

/** The functions that the routes' own text names, in one file or in a folder of them. */
async function callsOf(schemas: readonly string[]): Promise<string[]> {
  const files = (await readdir('src/apps', { recursive: true })).filter((file) =>
    schemas.includes(file.replace(/(\.ts$)|([/\\].*)/, '')),
  );
  const sources = files.filter((file) => file.endsWith('.ts'));
  const texts = await Promise.all(sources.map((file) => readFile(`src/apps/${file}`, 'utf8')));
  const called = texts.join('\n').matchAll(/call:\s*['"`](\w+\.\w+)\(/g);
  return [...new Set([...called].map(([, name]) => name ?? ''))];
}

test('each object of each application has a comment for the DBA who meets it', async (t) => {
  const { database } = await appServer(t);
  const schemas = APPS.map(({ schema }) => schema);
  const silent = await database.sql(
    `select 'function ' || p.oid::regprocedure as name from pg_proc p
     where p.pronamespace = any ($1::text[]::regnamespace[])
       and obj_description(p.oid, 'pg_proc') is null
     union all
     select 'relation ' || c.oid::regclass from pg_class c
     where c.relnamespace = any ($1::text[]::regnamespace[]) and c.relkind in ('r', 'p', 'v', 'm')
       and not c.relispartition and obj_description(c.oid, 'pg_class') is null
     union all
     select 'schema ' || n.nspname from pg_namespace n
     where n.nspname = any ($1) and obj_description(n.oid, 'pg_namespace') is null`,
    [schemas],
  );
  t.deepEqual(silent, []);
});

/** Functions without a search_path of their own, each for the reason in its file. */
const UNPINNED = [
  'accounts.iso(timestamp with time zone)',
  'community.investor_json(community.investors)',
  'facilities.as_json(facilities.dashboard_daily_summary)',
  'facilities.as_json(facilities.distributions)',
  'facilities.as_json(facilities.inventory)',
];

test('each function of each application pins its search_path, but for the few that say why not', async (t) => {
  const { database } = await appServer(t);
  const loose = await database.sql<{ name: string }>(
    `select p.oid::regprocedure::text as name from pg_proc p
     where p.pronamespace = any ($1::text[]::regnamespace[])
       and not coalesce(p.proconfig::text like '%search_path=pg_catalog, pg_temp%', false)
     order by 1`,
    [APPS.map(({ schema }) => schema)],
  );
  t.deepEqual(
    loose.map(({ name }) => name),
    UNPINNED,
  );
});

test('pages count as reads, whether the client had them already or not', async (t) => {
  const { nobody, person } = await appServer(t);
  const admin = await person('Ada', ['admin']);
  const stats = async () => (await admin.get('/api/admin/cache-stats')).json;
  t.like(await stats(), { reads: 0, notModified: 0 });
  for (const path of ['/api/chains?sort=newest', '/api/investors/public', '/api/projects/7']) {
    const etag = (await nobody.get(path)).headers.get('etag') ?? '';
    await nobody.get(path, { 'if-none-match': etag });
  }
  await nobody.get('/openapi.json');
  t.like(await stats(), { reads: 4, notModified: 2 });
});
