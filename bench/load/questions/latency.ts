import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from '../../../src/database.js';
import { checkExact } from '../../lib/database.js';
import { atMost, type Goal, milliseconds, share, whole } from '../../lib/figures.js';
import { median } from '../../lib/rounds.js';
import { coldPageUs } from '../lib/cold-pages.js';
import { nextPort } from '../lib/http.js';
import { quantile } from '../lib/quantile.js';
import { openValueStreams, type ValueStreams } from '../lib/value-streams.js';
import { type Workplace, withWorkplace } from '../lib/workplace.js';
import { startWriters } from '../lib/writers.js';
import type { Load, Question } from '../question.js';
import { startPeer } from '../sides/node-peer.js';
import { startOurs } from '../sides/ours.js';

const STREAMS = 5;
const WARM_UP_PROBES = 20;
/** Long enough for the pulse to fall asleep again. */
const BREATH_MS = 500;

/** Probes a second, and other rows beside them. Without a rate: now and then. */
type Mode = {
  readonly what: string;
  readonly probes: number | undefined;
  readonly others: number;
  readonly p50Max?: number;
  readonly p99Max?: number;
  readonly way?: 'relay';
};

const MODES: readonly Mode[] = [
  { what: 'now and then', probes: undefined, others: 0, p50Max: 2, p99Max: 10 },
  { what: 'now and then, a bare relay', probes: undefined, others: 0, way: 'relay' },
  { what: '200 changes/s', probes: 200, others: 0, p50Max: 2, p99Max: 10 },
  { what: '5 000 writes/s', probes: 100, others: 4_900, p99Max: 75 },
];

/** How a probe is made, and by whom its value is sent. */
type Way = {
  readonly port: number;
  readonly probe: string;
  readonly counted: string;
};

const OURS = {
  probe: 'insert into load.items (probe) values (true)',
  counted: 'select count(*) as rows, count(*) filter (where probe) as probes from load.items',
};

/** What any way from a commit to a stream costs: NOTIFY, a listener, a write. Nothing is counted. */
const RELAY = {
  probe: `
    with row as (insert into load.relayed default values returning id)
    select pg_notify('load_relay', format('{"topic":"load_probes","value":%s}', id)) from row`,
  counted: 'select count(*) as rows, count(*) as probes from load.relayed',
};

/** One round of one mode, in milliseconds. */
type Round = {
  readonly p50: number;
  readonly p99: number;
  readonly highest: number;
  readonly samples: number;
  readonly writesPerSecond: number;
};

export const latency: Question = {
  name: 'load-latency',
  asks: 'How long from a commit to the event on a stream?',
  answer: async (load) =>
    await withWorkplace(load.server, async (workplace) => {
      const url = workplace.database.url;
      const ways = {
        ours: { ...OURS, port: nextPort() },
        relay: { ...RELAY, port: nextPort() },
      };
      const child = await startOurs(url, ways.ours.port);
      const relay = await startPeer('relay.js', ways.relay.port, { DATABASE_URL: url });
      const writer = await connect(url, 'pgtally load, probes');
      const results = MODES.map((mode) => ({ mode, rounds: [] as Round[] }));
      for (let round = 0; round < load.scale.rounds; round += 1) {
        for (const { mode, rounds } of results) {
          const one = await measure(load, workplace, ways[mode.way ?? 'ours'], writer, mode);
          rounds.push(one);
          load.log(`${mode.what}: p50 ${milliseconds(one.p50)}, p99 ${milliseconds(one.p99)}`);
        }
      }
      await writer.end();
      await relay.stop();
      await child.stop();
      await checkExact(workplace.database);
      const coldUs = await coldPageUs();
      return {
        header: ['changes', 'p50', 'p99', 'longest', 'events timed', 'writes/s'],
        rows: results.map(({ mode, rounds }) => cellsOf(mode, rounds)),
        goals: results.flatMap(({ mode, rounds }) => judge(mode, rounds)),
        notes: [
          `A page of memory that nobody has touched for 150 ms took ${share(coldUs)} µs to touch ` +
            'again: what wakes up pays that for each.',
        ],
      };
    }),
};

async function measure(
  { scale }: Load,
  { database }: Workplace,
  way: Way,
  writer: pg.Client,
  mode: Mode,
): Promise<Round> {
  const others =
    mode.others > 0
      ? startWriters(database.url, mode.others, scale.latencySeconds + 20)
      : undefined;
  const topics = ['load_probes', 'load_rows'];
  const streams = await openValueStreams(way.port, topics, 'load_probes', STREAMS);
  try {
    await pause(BREATH_MS);
    await probe(writer, way, mode, (scale.quick ? 1 : WARM_UP_PROBES) * msBetween(mode));
    const before = await counted(writer, way);
    const started = performance.now();
    const commits = await probe(writer, way, mode, scale.latencySeconds * 1000);
    const seconds = (performance.now() - started) / 1000;
    const after = await counted(writer, way);
    await streams.reached(after.probes);
    const times = timesOf(commits, before.probes, streams);
    if (others !== undefined && !others.running()) throw new Error(others.said());
    return {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      highest: quantile(times, 1),
      samples: times.length,
      writesPerSecond: (after.rows - before.rows) / seconds,
    };
  } finally {
    streams.close();
    await others?.stop();
  }
}

function msBetween({ probes }: Mode): number {
  return probes === undefined ? 100 + Math.random() * 100 : 1000 / probes;
}

/** When each of the probes' commits was answered. Each waits for its turn, not for the last one. */
async function probe(writer: pg.Client, way: Way, mode: Mode, forMs: number): Promise<bigint[]> {
  const commits: bigint[] = [];
  const end = performance.now() + forMs;
  for (let due = performance.now(); due < end; due += msBetween(mode)) {
    const early = due - performance.now();
    if (early > 0) await pause(early);
    await writer.query(way.probe);
    commits.push(process.hrtime.bigint());
  }
  return commits;
}

/** One writer makes all probes, one after the other: the nth commit makes it the nth value. */
function timesOf(commits: readonly bigint[], before: number, { arrivals }: ValueStreams): number[] {
  return arrivals.flatMap((list) => {
    let at = 0;
    return commits.flatMap((commit, index) => {
      const value = before + index + 1;
      while (at < list.length && (list[at]?.value ?? 0) < value) at += 1;
      const arrival = list[at];
      if (arrival === undefined) throw new Error(`no stream has come to ${value}`);
      return Number(arrival.at - commit) / 1e6;
    });
  });
}

async function counted(client: pg.Client, way: Way): Promise<{ rows: number; probes: number }> {
  const { rows } = await client.query<{ rows: string; probes: string }>(way.counted);
  return { rows: Number(rows[0]?.rows), probes: Number(rows[0]?.probes) };
}

function cellsOf({ what }: Mode, rounds: readonly Round[]): string[] {
  return [
    what,
    milliseconds(median(rounds.map(({ p50 }) => p50))),
    milliseconds(median(rounds.map(({ p99 }) => p99))),
    milliseconds(Math.max(...rounds.map(({ highest }) => highest))),
    whole(rounds.reduce((sum, { samples }) => sum + samples, 0)),
    whole(median(rounds.map(({ writesPerSecond }) => writesPerSecond))),
  ];
}

function judge({ what, p50Max, p99Max }: Mode, rounds: readonly Round[]): Goal[] {
  const goal = (name: 'p50' | 'p99', wanted: number | undefined) =>
    wanted === undefined
      ? []
      : [atMost(`${what}: ${name}, ms`, wanted, median(rounds.map((round) => round[name])))];
  return [...goal('p50', p50Max), ...goal('p99', p99Max)];
}
