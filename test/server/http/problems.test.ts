import { readFile } from 'node:fs/promises';
import test from 'ava';
import { withClient } from '../../../src/database.js';
import { PROBLEMS } from '../../../src/http/problems.js';
import { serverUrl } from '../../helpers/database.js';
import { ask, httpServer, raw } from '../../helpers/http.js';
import { token } from '../../helpers/tokens.js';

test('docs/errors.md describes each problem type, with its status, and no other', async (t) => {
  const doc = await readFile('docs/errors.md', 'utf8');
  const [, section = ''] = doc.split('\n## HTTP\n');
  const rows = [...section.matchAll(/^\| `\/problems\/([\w-]+)` \| (\d+) \|/gm)];
  const described = rows.map(([, kind, status]) => `${kind} ${status}`);
  const known = Object.entries(PROBLEMS).map(([kind, { status }]) => `${kind} ${status}`);
  t.deepEqual(described.sort(), known.sort());
});

test('a path that is not there is a 404 that says where to look', async (t) => {
  const { get } = await httpServer(t);
  for (const path of ['/', '/v1', '/v2/counters/x', '/v1/counters', '/v1/counters/', '/HEALTH']) {
    const { status, json, headers } = await get(path);
    t.is(status, 404, path);
    t.is(json.type, '/problems/not-found');
    t.regex(String(json.detail), /openapi\.json/);
    t.is(headers.get('cache-control'), 'no-store');
  }
});

test('another method is a 405 that names those that there are, and OPTIONS names them too', async (t) => {
  const { url } = await httpServer(t);
  for (const path of ['/v1/counters/things', '/v1/counters/per_kind/x', '/v1/stream', '/health']) {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      const { status, json, headers } = await ask(url + path, { method });
      t.is(status, 405, `${method} ${path}`);
      t.is(json.type, '/problems/method-not-allowed');
      t.is(headers.get('allow'), 'HEAD, GET, OPTIONS');
    }
    const options = await ask(url + path, { method: 'OPTIONS' });
    t.is(options.status, 204);
    t.is(options.headers.get('allow'), 'HEAD, GET, OPTIONS');
  }
});

test('whoever takes the server for a proxy is told that it is none', async (t) => {
  const { url } = await httpServer(t);
  const said = await raw(url, 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
  t.regex(said, /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: GET, [\s\S]*\r\nConnection: close\r\n/);
  t.regex(said, /"type":"\/problems\/method-not-allowed"/);
});

test('what no route answers is counted too', async (t) => {
  const { get, url } = await httpServer(t);
  await get('/nothing');
  await ask(`${url}/health`, { method: 'DELETE' });
  const { text } = await get('/metrics');
  for (const status of [404, 405]) {
    t.regex(
      text,
      new RegExp(`^pgtally_http_requests_total\\{route="none",status="${status}"\\} 1$`, 'm'),
    );
  }
});

test('a body where none belongs is refused without being read, and the connection ends', async (t) => {
  const { url } = await httpServer(t);
  const head = 'GET /v1/counters/things HTTP/1.1\r\nHost: x\r\n';
  // Were it read, this would wait for the rest until the request times out.
  for (const begun of [
    `${head}Content-Length: 1000000000\r\n\r\nabc`,
    `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    `${head}Expect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n`,
  ]) {
    const said = await raw(url, begun);
    t.regex(said, /^HTTP\/1\.1 400 /);
    t.regex(said, /\r\nConnection: close\r\n/i);
    t.regex(said, /"type":"\/problems\/body-not-allowed"/);
  }
  const posted = await raw(url, `${head.replace('GET', 'POST')}Content-Length: 1000000000\r\n\r\n`);
  t.regex(posted, /^HTTP\/1\.1 405 [\s\S]*Connection: close/i);
  const empty = await raw(url, `${head}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  t.regex(empty, /^HTTP\/1\.1 200 /);
});

test('headers of 100 kB, and what is no HTTP, are answered as problems too', async (t) => {
  const { url, get } = await httpServer(t);
  const big = `GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(100_000)}\r\n\r\n`;
  const tooLarge = await raw(url, big);
  t.regex(tooLarge, /^HTTP\/1\.1 431 [^\r]*\r\nContent-Type: application\/problem\+json/);
  t.regex(tooLarge, /"type":"\/problems\/headers-too-large".*above 16384 bytes/);
  for (const nonsense of [
    'hello\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    '\u0016\u0003\u0001\u0002\r\n',
  ]) {
    const said = await raw(url, nonsense);
    t.regex(said, /^HTTP\/1\.1 400 [\s\S]*"type":"\/problems\/malformed-request"/);
    t.regex(said, /\r\nContent-Security-Policy: default-src 'none'/);
  }
  t.is((await get('/health')).status, 200);
});

test('a request that garbage follows has its answer, and then the connection ends', async (t) => {
  const { url } = await httpServer(t);
  const said = await raw(url, 'GET /v1/counters/things HTTP/1.1\r\n\r\ngarbage\r\n\r\n');
  t.regex(said, /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*"value":0/);
  t.is(said.split('HTTP/1.1 ').length, 2, said);
});

test('a long token and a hundred topics fit into the headers', async (t) => {
  const { get } = await httpServer(t);
  const roles = Array.from({ length: 180 }, (_, at) => `a_role_with_number_${at}`);
  const authorization = `Bearer ${await token({ sub: 'a', roles })}`;
  t.true(authorization.length > 5000);
  const topics = Array.from({ length: 100 }, (_, at) => `topic=per_kind:${at}`).join('&');
  t.is((await get(`/v1/topics?${topics}`, { authorization })).status, 200);
});

test('a database that went away is a 503 that can be tried again, and names nothing of it', async (t) => {
  const { get, database, log } = await httpServer(t);
  t.is((await get('/v1/counters/things')).status, 200);
  const cut = (allow: boolean) =>
    withClient(serverUrl(), 'pgtally test', async (client) => {
      await client.query(`alter database ${database.name} allow_connections ${allow}`);
      if (allow) return;
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [database.name],
      );
    });
  await cut(false);
  t.teardown(() => cut(true).catch(() => undefined));
  for (const path of ['/v1/counters/things', '/v1/topics?topic=things']) {
    const { status, json, headers, text } = await get(path);
    t.is(status, 503, path);
    t.is(json.type, '/problems/database-unavailable');
    t.is(headers.get('retry-after'), '1');
    t.notRegex(text, new RegExp(database.name));
  }
  const stream = await get('/v1/stream?topic=things');
  t.is(stream.status, 200, 'a browser would never come back after a 503');
  t.regex(stream.text, /^retry: [1-5]\d{3}\n\n$/);
  t.is((await get('/health')).status, 200, 'the process is well');
  await cut(true);
  t.is((await get('/v1/counters/things')).status, 200);
  t.regex(log.join(''), /reading failed/);
});

test('a defect is a 500 that leaks nothing, and can be found in the log by its id', async (t) => {
  const { get, database, log } = await httpServer(t);
  await database.sql('alter function tally.read_topics(text[], text[]) rename to elsewhere');
  const { status, json, headers, text } = await get('/v1/counters/things', {
    'X-Request-Id': 'mine-1',
  });
  t.is(status, 500);
  t.is(json.type, '/problems/internal');
  t.notRegex(text, /read_topics|function|tally\./);
  t.is(headers.get('x-request-id'), 'mine-1');
  t.is(json.requestId, 'mine-1');
  t.true(log.some((line) => line.includes('"requestId":"mine-1"') && line.includes('read_topics')));
  const made = await get('/v1/counters/things', { 'X-Request-Id': 'not good\t' });
  t.regex(String(made.json.requestId), /^[0-9a-f-]{36}$/);
  t.is(made.headers.get('x-request-id'), String(made.json.requestId));
});
