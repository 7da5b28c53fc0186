import test from 'ava';
import { httpServer } from '../../helpers/http.js';

const malformed: [path: string, field: string, said: RegExp][] = [
  ['/v1/counters/Things', 'name', /is not part of a topic, which is name or name:scope/],
  ['/v1/counters/9lives', 'name', /is not part of a topic/],
  ['/v1/counters/a:b', 'name', /is not part of a topic/],
  [`/v1/counters/${'a'.repeat(64)}`, 'name', /63 at most/],
  [`/v1/counters/things/${'x'.repeat(513)}`, 'scope', /at most 512 bytes/],
  [`/v1/counters/things/${encodeURIComponent('ü'.repeat(257))}`, 'scope', /512 bytes/],
  ['/v1/counters/things/a%00b', 'scope', /is not part of a topic/],
  ['/v1/counters/things/%', 'scope', /a % that begins no escape/],
  ['/v1/counters/things/%ff', 'scope', /a % that begins no escape of UTF-8/],
  ['/v1/counters/%zz', 'name', /a % that begins no escape/],
  ['/v1/summaries/Things', 'name', /is not part of a topic/],
  ['/v1/topics', 'topic', /is missing: name at least one, as in \?topic=/],
  ['/v1/topics?topic=', 'topic[0]', /is "", and should be name or name:scope/],
  ['/v1/topics?topic=things&topic=Bad', 'topic[1]', /is "Bad", and should be name/],
  ['/v1/topics?topic=%ff', 'query', /a % that begins no escape/],
  [
    '/v1/topics?topic=a&topic=b&topic=c&topic=d',
    'topic',
    /is given 4 times; at most 3 are allowed/,
  ],
  ['/v1/stream', 'topic', /is missing/],
  ['/v1/stream?topic=a&topic=b&topic=c&topic=d', 'topic', /at most 3 are allowed/],
];
test('bad input is refused with each field that is wrong, and what would be right', async (t) => {
  const { get } = await httpServer(t, { TALLY_MAX_TOPICS: '3' });
  for (const [path, field, said] of malformed) {
    const { status, headers, json } = await get(path);
    t.is(status, 400, path);
    t.is(headers.get('content-type'), 'application/problem+json; charset=utf-8');
    t.is(json.type, '/problems/invalid-request');
    const errors = json.errors as { field: string; message: string }[];
    t.is(errors[0]?.field, field, path);
    t.regex(errors[0]?.message ?? '', said);
  }
  const two = await get('/v1/topics?topic=A&topic=B');
  t.deepEqual(
    (two.json.errors as { field: string }[]).map(({ field }) => field),
    ['topic[0]', 'topic[1]'],
  );
  t.is((await get('/v1/topics?topic=things&topic=amounts&topic=things&topic=hidden')).status, 404);
});
