import { readFile } from 'node:fs/promises';
import test from 'ava';
import { createMetrics } from '../../src/metrics.js';
import { httpServer } from '../helpers/http.js';
import { openStream } from '../helpers/sse.js';
import { token } from '../helpers/tokens.js';
import { until } from '../helpers/wait.js';

/** Dashboards and alarms stand on these: a name is not changed, and goes only with a new release. */
const NAMES = [
  'pgtally_announcement_to_flush_seconds histogram',
  'pgtally_announcements_forged_total counter',
  'pgtally_announcements_heard_total counter',
  'pgtally_build_on_read_seconds histogram',
  'pgtally_builds_on_read_total counter',
  'pgtally_changes_announced_total counter',
  'pgtally_changes_heard_total counter',
  'pgtally_commit_to_announcement_seconds histogram',
  'pgtally_database_up gauge',
  'pgtally_deltas_folded_total counter',
  'pgtally_frames_conflated_total counter',
  'pgtally_http_not_modified_total counter',
  'pgtally_http_request_seconds histogram',
  'pgtally_http_requests_total counter',
  'pgtally_info gauge',
  'pgtally_listener_gaps_total counter',
  'pgtally_listener_missed_pulses_total counter',
  'pgtally_listener_state gauge',
  'pgtally_pending_deltas gauge',
  'pgtally_pool_sessions gauge',
  'pgtally_pool_waiting gauge',
  'pgtally_pulse_lag_seconds gauge',
  'pgtally_pulse_number gauge',
  'pgtally_pulse_seconds histogram',
  'pgtally_pulse_state gauge',
  'pgtally_read_failures_total counter',
  'pgtally_read_seconds histogram',
  'pgtally_read_topics_total counter',
  'pgtally_stream_seconds histogram',
  'pgtally_streams_closed_total counter',
  'pgtally_streams_flushed_total counter',
  'pgtally_streams_open gauge',
  'pgtally_streams_opened_total counter',
  'pgtally_streams_refused_total counter',
  'pgtally_topics_watched gauge',
  'pgtally_troubles_total counter',
  'pgtally_work_pieces_total counter',
  'pgtally_work_seconds histogram',
];

const LISTENING = /^pgtally_listener_state\{state="listening"\} 1$/m;

test('the metrics are those of the list, and docs/operations.md describes each of them', async (t) => {
  const { get } = await httpServer(t);
  const { text, headers } = await get('/metrics');
  t.regex(headers.get('content-type') ?? '', /^text\/plain/);
  const typed = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(
    ([, name, type]) => `${name} ${type}`,
  );
  t.deepEqual(typed.filter((line) => line.startsWith('pgtally_')).sort(), NAMES);
  for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds']) {
    t.regex(text, new RegExp(`^# TYPE ${name} `, 'm'));
  }
  t.notRegex(text, /nodejs_eventloop_lag_p99/, 'sampling would wake an idle server');
  const doc = await readFile('docs/operations.md', 'utf8');
  const [, section = ''] = doc.split('\n### Metrics\n');
  const rows = section.split('\n## ')[0] ?? '';
  const described = [...rows.matchAll(/^\| `(pgtally_\w+)` \| (\w+) \|/gm)];
  t.deepEqual(described.map(([, name, type]) => `${name} ${type}`).sort(), NAMES);
});

test('how long the event loop worked is counted', async (t) => {
  const { get } = await httpServer(t);
  const active = async () => {
    const { text } = await get('/metrics');
    return Number(/^nodejs_eventloop_active_seconds_total (\S+)$/m.exec(text)?.[1]);
  };
  const before = await active();
  const until = performance.now() + 300;
  while (performance.now() < until);
  // Until this turn has ended it is not counted.
  await get('/metrics');
  const worked = (await active()) - before;
  t.true(worked >= 0.29, `${worked} s`);
});

test('what happens to a change can be seen from its commit to its flush', async (t) => {
  const { url, get, database } = await httpServer(t);
  const signedIn = await token({ sub: 'somebody-in-particular' });
  const stream = await openStream({ base: url, topics: ['things'], token: signedIn });
  // A change that is older than either of these is read, not announced: nothing would be flushed.
  await stream.recorder.sync(1);
  await until(async () => LISTENING.test((await get('/metrics')).text));
  // It may be heard of on one connection before the pulse has its answer on another.
  const counted = [
    /^pgtally_announcement_to_flush_seconds_count [1-9]/m,
    /^pgtally_deltas_folded_total [1-9]/m,
  ];
  const text = await until(async () => {
    await database.sql('insert into public.things default values');
    const now = (await get('/metrics')).text;
    return counted.every((line) => line.test(now)) && now;
  });
  for (const line of [
    /^pgtally_commit_to_announcement_seconds_count [1-9]/m,
    /^pgtally_commit_to_announcement_seconds_bucket\{le="0\.001"\} \d/m,
    /^pgtally_commit_to_announcement_seconds_bucket\{le="0\.1"\} \d/m,
    /^pgtally_streams_open 1$/m,
    /^pgtally_topics_watched 1$/m,
    LISTENING,
    /^pgtally_pulse_state\{state="(asleep|awake)"\} 1$/m,
    /^pgtally_pending_deltas \d/m,
    /^pgtally_http_requests_total\{route="stream",status="200"\} 1$/m,
    /^pgtally_http_request_seconds_bucket\{le="\+Inf"\} [1-9]/m,
  ]) {
    t.regex(text, line);
  }
  t.notRegex(text, /somebody-in-particular|127\.0\.0\.1|topic="/, 'no label says who or what');
  stream.close();
  await until(async () =>
    /^pgtally_streams_closed_total\{reason="client"\} 1$/m.test((await get('/metrics')).text),
  );
});

test('each kind of observation is counted where the list says', async (t) => {
  const { observe, text } = createMetrics();
  observe({ kind: 'conflated', frames: 3 });
  observe({ kind: 'gap', pulses: 4 });
  observe({ kind: 'refused', reason: 'subject-full' });
  observe({ kind: 'read-failed', message: 'no' });
  observe({ kind: 'trouble', where: 'pool', message: 'no' });
  observe({ kind: 'opened' });
  observe({ kind: 'closed', reason: 'stalled', ms: 30_000 });
  observe({ kind: 'work', filled: 1, rebuilt: 2, expired: 3, jobs: 4, ms: 5 });
  const said = await text();
  for (const line of [
    'pgtally_frames_conflated_total 3',
    'pgtally_listener_gaps_total 1',
    'pgtally_listener_missed_pulses_total 4',
    'pgtally_streams_refused_total{reason="subject-full"} 1',
    'pgtally_read_failures_total 1',
    'pgtally_troubles_total{where="pool"} 1',
    'pgtally_streams_open 0',
    'pgtally_streams_closed_total{reason="stalled"} 1',
    'pgtally_work_pieces_total{kind="expired"} 3',
  ]) {
    t.true(said.includes(`\n${line}\n`), line);
  }
});
