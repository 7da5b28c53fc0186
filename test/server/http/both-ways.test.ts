import test from 'ava';
import { loadConfig, serve } from '../../../src/index.js';
import { ask, countedDatabase, get, raw } from '../../helpers/http.js';
import { startLiveServer } from '../../helpers/live-server.js';
import { SECRET, token } from '../../helpers/tokens.js';
import { until } from '../../helpers/wait.js';

test('a number is answered the same way by our own server, which takes a shorter one', async (t) => {
  const database = await countedDatabase(t);
  const inApp = await startLiveServer({ databaseUrl: database.url }).then((server) => {
    t.teardown(() => server.stop());
    return server.url;
  });
  const config = loadConfig({ PORT: '0', LOG_LEVEL: 'silent', TALLY_JWT_SECRET: SECRET });
  const alone = await serve({ config, url: database.url });
  t.teardown(() => alone.stop());
  await database.sql(`insert into public.things (kind) values ('a/b')`);
  await until(async () => (await database.sql('select from tally.deltas')).length === 0);
  const etag = (await get(`${inApp}/v1/counters/things`)).headers.get('etag') ?? '';
  const mine = await token({ sub: '1', roles: ['team'] });
  const authorization = `Bearer ${mine}`;
  const cases: [path: string, request: RequestInit][] = [
    ['/v1/counters/things', {}],
    ['/v1/counters/things?x=1', {}],
    ['/v1/counters/things/', {}],
    ['/v1/counters/per_kind/a/b', {}],
    ['/v1/counters/per_kind/a%2Fb', {}],
    ['/v1/counters/per_kind//a', {}],
    ['/v1/counters//things', {}],
    ['/v1/counters/', {}],
    ['/v1/counters/things', { method: 'HEAD' }],
    ['/v1/counters/things', { headers: { 'if-none-match': etag } }],
    ['/v1/counters/things', { method: 'HEAD', headers: { 'if-none-match': etag } }],
    ['/v1/counters/things', { method: 'DELETE' }],
    ['/v1/counters/things', { method: 'OPTIONS' }],
    ['/v1/counters/things', { headers: { 'x-request-id': 'mine' } }],
    ['/v1/counters/team_things', { headers: { authorization } }],
    ['/v1/counters/team_things', { headers: { cookie: `a=b; tally_token=${mine}` } }],
    ['/v1/counters/team_things', { headers: { cookie: 'a=b; tally_token=' } }],
    ['/v1/counters/team_things', { headers: { authorization: 'Bearer wrong' } }],
    ['/v1/counters/team_things', { method: 'HEAD' }],
    ['/v1/counters/team_things', {}],
    ['/v1/counters/nothing', {}],
    ['/v1/counters/BAD', {}],
    ['/v1/counters/%zz', {}],
  ];
  for (const [path, request] of cases) {
    const [one, other] = await Promise.all([
      ask(inApp + path, request),
      ask(alone.url + path, request),
    ]);
    const what = `${request.method ?? 'GET'} ${path}`;
    t.is(one.status, other.status, what);
    // Koa itself says that nothing is there; our server says it as a problem.
    if (one.text === 'Not Found') continue;
    t.is(one.text, other.text, what);
    t.deepEqual(seen(one), seen(other), what);
  }
  // fetch sends no fragment; a client that does gets what stands before it.
  const sloppy = 'GET /v1/counters/per_kind/a%2Fb#x HTTP/1.1\r\nConnection: close\r\n\r\n';
  for (const url of [inApp, alone.url]) t.regex(await raw(url, sloppy), /"value":1,/);
});

/** Whatever is about the connection or the moment is left out. */
function seen({ headers }: { headers: Headers }): [string, string][] {
  const passing = new Set(['date', 'keep-alive', 'connection']);
  return [...headers].filter(([name]) => !passing.has(name));
}
