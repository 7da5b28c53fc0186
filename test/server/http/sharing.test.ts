import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import test from 'ava';
import { ask, httpServer } from '../../helpers/http.js';

const SECURITY = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

test('each answer carries the security headers, whatever it is', async (t) => {
  const { url, get } = await httpServer(t, { TALLY_MAX_STREAMS: '1' });
  const etag = (await get('/v1/counters/things')).headers.get('etag') ?? '';
  const answers = [
    await get('/v1/counters/things'),
    await get('/v1/counters/things', { 'If-None-Match': etag }),
    await get('/v1/topics?topic=things'),
    await get('/v1/counters/nothing'),
    await get('/v1/counters/BAD'),
    await get('/nowhere'),
    await get('/health'),
    await get('/ready'),
    await get('/metrics'),
    await get('/openapi.json'),
    await ask(`${url}/health`, { method: 'DELETE' }),
  ];
  const open = new AbortController();
  const stream = await fetch(`${url}/v1/stream?topic=things`, { signal: open.signal });
  for (const { status, headers } of [...answers, stream]) {
    for (const [name, value] of Object.entries(SECURITY)) {
      t.is(headers.get(name), value, `${status} ${name}`);
    }
    t.is(headers.get('x-powered-by'), null);
  }
  open.abort();
});

test('pages of a listed origin may read answers and errors; no other origin is named', async (t) => {
  const env = { TALLY_CORS_ORIGINS: 'https://app.example, https://www.example:8443' };
  const { url, get } = await httpServer(t, env);
  for (const path of ['/v1/counters/things', '/v1/counters/nothing', '/v1/topics?topic=things']) {
    for (const origin of ['https://app.example', 'https://www.example:8443']) {
      const { headers } = await get(path, { origin });
      t.is(headers.get('access-control-allow-origin'), origin, path);
      t.is(headers.get('access-control-allow-credentials'), 'true');
      t.is(headers.get('access-control-expose-headers'), 'ETag,Retry-After,X-Request-Id');
      t.regex(headers.get('vary') ?? '', /Origin/);
    }
    for (const origin of ['https://evil.example', 'http://app.example', 'null']) {
      const { headers } = await get(path, { origin });
      t.is(headers.get('access-control-allow-origin'), null, origin);
      t.regex(headers.get('vary') ?? '', /Origin/, 'so that no cache mixes them up');
    }
  }
  const open = new AbortController();
  const stream = await fetch(`${url}/v1/stream?topic=things`, {
    headers: { origin: 'https://app.example' },
    signal: open.signal,
  });
  t.is(stream.headers.get('access-control-allow-origin'), 'https://app.example');
  open.abort();
  const preflight = await ask(`${url}/v1/counters/things`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://app.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    },
  });
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-headers'), 'authorization');
  t.is(preflight.headers.get('access-control-allow-methods'), 'GET,HEAD,POST,PATCH,PUT,DELETE');
});

test('without a list of origins none is named', async (t) => {
  const { get } = await httpServer(t);
  const { headers } = await get('/v1/counters/things', { origin: 'https://app.example' });
  t.is(headers.get('access-control-allow-origin'), null);
});

/** fetch would unpack what comes, and hide that it was packed. */
async function packed(url: string, headers: Record<string, string>) {
  const asking = request(url, { headers });
  asking.end();
  const [response] = await new Promise<[import('node:http').IncomingMessage]>((resolve, reject) => {
    asking.once('response', (answer) => resolve([answer])).once('error', reject);
  });
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

test('long documents are compressed, and each form has a tag of its own', async (t) => {
  const { url, get } = await httpServer(t);
  const many = Array.from({ length: 60 }, (_, at) => `topic=per_kind:${at}`).join('&');
  for (const path of [`/v1/topics?${many}`, '/openapi.json', '/metrics']) {
    const plain = await get(path, { 'accept-encoding': 'identity' });
    t.is(plain.headers.get('content-encoding'), null);
    t.regex(plain.headers.get('vary') ?? '', /Accept-Encoding/);
    for (const [encoding, unpack] of [
      ['gzip', gunzipSync],
      ['br', brotliDecompressSync],
    ] as const) {
      const { status, headers, body } = await packed(url + path, { 'accept-encoding': encoding });
      t.is(status, 200);
      t.is(headers['content-encoding'], encoding, path);
      const text = unpack(body).toString();
      if (path === '/metrics') continue;
      t.is(text, plain.text);
      const etag = String(headers.etag);
      t.is(etag, String(plain.headers.get('etag')).replace(/"$/, `-${encoding}"`));
      const again = await packed(url + path, {
        'accept-encoding': encoding,
        'if-none-match': etag,
      });
      t.is(again.status, 304, path);
      t.is(again.headers.etag, etag, 'the tag that a 200 would have');
      t.is(again.body.length, 0);
    }
  }
});

test('numbers, short documents and streams are never compressed', async (t) => {
  const { url, get } = await httpServer(t);
  for (const path of ['/v1/counters/things', '/v1/topics?topic=things', '/health']) {
    const { headers } = await packed(url + path, { 'accept-encoding': 'gzip, br' });
    t.is(headers['content-encoding'], undefined, path);
  }
  const open = new AbortController();
  const stream = await fetch(`${url}/v1/stream?topic=things`, { signal: open.signal });
  t.is(stream.headers.get('content-encoding'), null);
  t.is(stream.headers.get('cache-control'), 'no-store, no-transform');
  open.abort();
  t.is((await get('/health')).status, 200);
});
