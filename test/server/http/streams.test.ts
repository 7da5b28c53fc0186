import test from 'ava';
import { httpServer, raw } from '../../helpers/http.js';
import { token } from '../../helpers/tokens.js';
import { until } from '../../helpers/wait.js';

type Stream = {
  readonly response: Response;
  /** All that came so far. */
  text(): string;
  /** Resolves when the other side ends it. */
  readonly ended: Promise<void>;
  close(): void;
};

async function open(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  const closing = new AbortController();
  const response = await fetch(url, { headers, signal: closing.signal });
  let text = '';
  const read = async () => {
    for await (const part of response.body ?? []) text += Buffer.from(part).toString();
  };
  return {
    response,
    text: () => text,
    ended: read().catch(() => undefined),
    close: () => closing.abort(),
  };
}

test('a stream says what is there, then every change, and cannot be stored or buffered', async (t) => {
  const { url, database } = await httpServer(t);
  const stream = await open(`${url}/v1/stream?topic=things&topic=per_kind:a`);
  t.is(stream.response.status, 200);
  t.is(stream.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  t.is(stream.response.headers.get('x-accel-buffering'), 'no');
  await until(() => /event: sync/.test(stream.text()));
  t.regex(stream.text(), /^retry: \d+\n/);
  t.regex(stream.text(), /"topic":"things","value":0,"version":0/);
  await database.sql(`insert into public.things (kind) values ('a')`);
  await until(() => /"topic":"per_kind:a","value":1,/.test(stream.text()));
  stream.close();
});

test('HTTP/1.0 gets its stream too, to the end of the connection', async (t) => {
  const { url, stop } = await httpServer(t);
  const said = raw(url, 'GET /v1/stream?topic=things HTTP/1.0\r\n\r\n');
  await until(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return /^pgtally_streams_open 1$/m.test(metrics);
  });
  await stop();
  const text = await said;
  t.regex(text, /^HTTP\/1\.1 200 OK\r\n/);
  t.notRegex(text, /transfer-encoding/i);
  t.regex(text, /\r\n\r\nretry: \d+\n\nevent: update\n/);
});

test('the header Last-Event-ID comes before the query, which says where the page began', async (t) => {
  const { url, database } = await httpServer(t);
  await database.sql(`insert into public.things (kind) values ('a')`);
  const first = await open(`${url}/v1/stream?topic=things`);
  const seen = await until(() =>
    /id: (\w+\.[1-9]\d*)\nevent: sync|event: sync\nid: (\w+\.[1-9]\d*)\n/.exec(first.text()),
  );
  first.close();
  const id = seen[1] ?? seen[2] ?? '';
  const path = `${url}/v1/stream?topic=things`;
  const untilSync = async (stream: Stream) => {
    await until(() => /event: sync/.test(stream.text()));
    stream.close();
    return stream.text();
  };
  t.notRegex(await untilSync(await open(`${path}&last_event_id=${id}`)), /event: update/);
  const header = { 'Last-Event-ID': id };
  t.notRegex(await untilSync(await open(`${path}&last_event_id=0.1`, header)), /event: update/);
  const other = { 'Last-Event-ID': 'of.another.history' };
  t.regex(await untilSync(await open(`${path}&last_event_id=${id}`, other)), /event: update/);
});

test('HEAD at the stream says its headers and opens none', async (t) => {
  const { url, get } = await httpServer(t);
  const head = await fetch(`${url}/v1/stream?topic=things`, { method: 'HEAD' });
  t.is(head.status, 200);
  t.is(head.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const nope = await fetch(`${url}/v1/stream?topic=nope`, { method: 'HEAD' });
  t.is(nope.status, 404);
  t.regex((await get('/metrics')).text, /^pgtally_streams_opened_total 0$/m);
});

test('who accepts no stream is told so, and who accepts anything gets one', async (t) => {
  const { url, get } = await httpServer(t);
  const { status, json } = await get('/v1/stream?topic=things', { accept: 'application/json' });
  t.is(status, 406);
  t.is(json.type, '/problems/not-acceptable');
  for (const accept of [
    'text/event-stream',
    '*/*',
    'text/*;q=0.1',
    'application/json, */*;q=0.1',
  ]) {
    const stream = await open(`${url}/v1/stream?topic=things`, { accept });
    t.is(stream.response.status, 200, accept);
    stream.close();
  }
});

test('over the own limit is a 429, over that of the process a 200 that says when to come back', async (t) => {
  const { url, get } = await httpServer(t, {
    TALLY_MAX_STREAMS: '3',
    TALLY_MAX_STREAMS_PER_SUBJECT: '1',
    TALLY_MAX_STREAMS_PER_ADDRESS: '2',
    TALLY_TRUST_PROXY: '1',
  });
  const path = '/v1/stream?topic=things';
  const from = (address: string) => ({ 'X-Forwarded-For': `6.6.6.6, ${address}` });
  const authorization = `Bearer ${await token({ sub: 'a' })}`;
  const streams = [await open(url + path, { ...from('1.1.1.1'), authorization })];
  const second = await get(path, { ...from('2.2.2.2'), authorization });
  t.is(second.status, 429);
  t.is(second.json.type, '/problems/too-many-streams');
  t.regex(String(second.json.detail), /^You have .*\(TALLY_MAX_STREAMS_PER_SUBJECT\)/);
  t.is(second.headers.get('retry-after'), '10');
  streams.push(await open(url + path, from('1.1.1.1')));
  const third = await get(path, from('1.1.1.1:4711'));
  t.is(third.status, 429);
  t.regex(String(third.json.detail), /^Your address has .*TALLY_MAX_STREAMS_PER_ADDRESS/);
  streams.push(await open(url + path, from('::ffff:3.3.3.3')));
  const full = await get(path, from('4.4.4.4'));
  t.is(full.status, 200);
  t.is(full.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const retryMs = Number(/^retry: (\d+)\n\n$/.exec(full.text)?.[1]);
  t.true(retryMs >= 10_000 && retryMs <= 30_000, full.text);
  for (const stream of streams) stream.close();
  await until(
    async () =>
      (
        await open(url + path, from('4.4.4.4')).then((one) => {
          one.close();
          return one;
        })
      ).response.headers.get('connection') === 'close',
    { what: 'room again' },
  );
});

test('a stop ends the streams well, and is not ready meanwhile', async (t) => {
  const { url, stop } = await httpServer(t);
  const streams = await Promise.all(
    Array.from({ length: 20 }, () => open(`${url}/v1/stream?topic=things`)),
  );
  await until(() => streams.every((stream) => /event: sync/.test(stream.text())));
  const stopping = stop();
  const [ready, late, read] = await Promise.all(
    ['/ready', '/v1/stream?topic=things', '/v1/counters/things'].map((path) => fetch(url + path)),
  );
  t.is(ready?.status, 503);
  t.regex((await late?.text()) ?? '', /^retry: \d{5}\n\n$/);
  t.is(read?.status, 200, 'reads go on until the end');
  await Promise.all(streams.map(({ ended }) => ended));
  await stopping;
  await t.throwsAsync(fetch(`${url}/health`));
});
