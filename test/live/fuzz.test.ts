import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { boxesServer, open } from '../helpers/boxes-server.js';

/** Whatever a stranger sends: an answer below 500, soon, and the server goes on. */

const SECONDS_MAX = 5;
const PATHS = [
  '/v1/stream',
  '/v1/topics',
  '/v1/counters',
  '/v1/counters/entries',
  '/v1/counters/units/a',
  '/v1/summaries/x',
  '/health',
  '/ready',
  '/metrics',
  '/openapi.json',
  '/api/admin/cache-stats',
  '/api/admin/db-pool-stats',
];

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '..',
    '%',
    '%00',
    '%c0%af',
    '%ud800',
    '//',
    '\\',
    ';',
    ':',
    "'",
    '%27--',
    '*',
    '[]',
  ),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map(encodeURIComponentSafely),
);

function encodeURIComponentSafely(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ff';
}

const query = fc
  .array(
    fc.tuple(fc.oneof(fc.constantFrom('topic', 'last_event_id', 'topic[]', '__proto__'), odd), odd),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

const target = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...PATHS) },
      odd.map((text) => `/${text}`),
    ),
    fc.option(odd, { nil: '' }),
    query,
  )
  .map(([path, more, asked]) => `${path}${more === '' ? '' : `/${more}`}?${asked}`);

const headers = fc.array(
  fc.tuple(
    fc.constantFrom(
      'authorization',
      'cookie',
      'if-none-match',
      'last-event-id',
      'accept',
      'accept-encoding',
      'origin',
      'host',
      'content-length',
      'transfer-encoding',
      'expect',
      'upgrade',
      'connection',
      'x-forwarded-for',
      'x-request-id',
      'range',
    ),
    fc.oneof(
      odd,
      fc.constantFrom('Bearer x.y.z', 'tally_token=a.b.c', '*', '"a", W/"b"', 'chunked', '9'),
    ),
  ),
  { maxLength: 5 },
);

const method = fc.oneof(
  { weight: 6, arbitrary: fc.constant('GET') },
  fc.constantFrom(
    'HEAD',
    'POST',
    'PUT',
    'DELETE',
    'OPTIONS',
    'PATCH',
    'TRACE',
    'CONNECT',
    'get',
    'X',
  ),
);

const request = fc
  .tuple(method, target, fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0'), headers)
  .map(([verb, path, version, fields]) => {
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return Buffer.from(`${verb} ${path} ${version}\r\nhost: a\r\n${lines}\r\n`, 'latin1');
  });

/** The status of what comes first, 0 where the connection is ended without an answer. */
async function statusOf(url: string, bytes: Uint8Array): Promise<number> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within ${SECONDS_MAX} s`));
    }, SECONDS_MAX * 1000);
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(0);
    });
  });
}

test('no request whatever gets a 500, waits for ever or ends the server', async (t) => {
  const { server } = await boxesServer(t);
  await fc.assert(
    fc.asyncProperty(request, async (bytes) => {
      const status = await statusOf(server.url, bytes);
      // 503 says that the database is away, or a counter unreadable: neither is so here.
      return status < 500 || status === 501 || status === 505;
    }),
    { numRuns: 1500 },
  );
  const { recorder } = await open(t, server, { topics: ['entries'] });
  await recorder.sync(1);
  t.is((await fetch(`${server.url}/health`)).status, 200);
});

/** Empty lines before a request are none of it (RFC 9112, 2.2): after them the server waits on. */
const noRequest = fc
  .uint8Array({ minLength: 1, maxLength: 300 })
  .filter((bytes) => bytes.some((byte) => byte !== 0x0d && byte !== 0x0a));

test('bytes that are no request at all end their connection, and nothing else', async (t) => {
  const { server } = await boxesServer(t);
  const { recorder } = await open(t, server, { topics: ['entries'] });
  await fc.assert(
    fc.asyncProperty(noRequest, async (bytes) => {
      const ended = Buffer.concat([bytes, Buffer.from('\r\n\r\n')]);
      return (await statusOf(server.url, ended)) < 500;
    }),
    { numRuns: 200 },
  );
  await recorder.sync(1);
  t.is(recorder.ended, undefined);
});

test('topics that are unknown, malformed, too many or not there at all are refused with a reason', async (t) => {
  const { server } = await boxesServer(t);
  const refused = async (topics: readonly string[]) => {
    const stream = await open(t, server, { topics });
    await stream.recorder.over();
    return { status: stream.status, problem: JSON.parse(stream.body()) as Record<string, unknown> };
  };
  t.is((await refused(['entries', 'nothing'])).status, 404);
  t.is((await refused([])).status, 400);
  t.is((await refused(['Entries'])).status, 400);
  t.is((await refused(['entries:a\0b'])).status, 400);
  t.is((await refused([`units:${'x'.repeat(513)}`])).status, 400);
  const many = await refused(Array.from({ length: 101 }, (_, i) => `units:${i}`));
  t.is(many.status, 400);
  t.regex(JSON.stringify(many.problem), /100/);
  const twice = await open(t, server, { topics: Array.from({ length: 120 }, () => 'entries') });
  await twice.recorder.sync(1);
  t.is(twice.recorder.count('update'), 1);
});
