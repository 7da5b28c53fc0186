import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { withClient } from '../../../src/database.js';
import { type Embedded, startEmbedded } from '../../../src/embedded.js';
import { migrate } from '../../../src/migrate.js';
import { atMost, milliseconds } from '../../lib/figures.js';
import { median } from '../../lib/rounds.js';
import { call, nextPort } from '../lib/http.js';
import { openValueStreams, type ValueStreams } from '../lib/value-streams.js';
import { withFolder } from '../lib/workplace.js';
import type { Question } from '../question.js';
import { startOurs } from '../sides/ours.js';

const TABLES = new URL('../tables.sql', import.meta.url);
const PORT = 6_391;
const STREAMS = 20;
const POLL_MS = 4;
const BACK_MS_MAX = 30_000;

/** From PostgreSQL's letting the first client in, in milliseconds. */
type Outage = { readonly rightMs: number; readonly listeningMs: number; readonly wrong: number };

export const listenerOutage: Question = {
  name: 'load-listener-outage',
  asks: 'How long after PostgreSQL is back are the streams right again?',
  answer: async ({ scale, log }) =>
    await withFolder(async (folder) => {
      // As root the server runs as another user, who has to get through to the data.
      await chmod(folder, 0o755);
      const options = { dataDir: join(folder, 'data'), port: PORT };
      const first = await startEmbedded(options);
      try {
        await prepare(first.url);
        const port = nextPort();
        const ours = await startOurs(first.url, port);
        const streams = await openValueStreams(port, ['load_rows'], 'load_rows', STREAMS);
        const outages = new Map<number, Outage[]>(scale.outagesMs.map((ms) => [ms, []]));
        for (let round = 0; round < scale.rounds; round += 1) {
          for (const [ms, results] of outages) {
            const one = await takeAway(first, options, port, streams, ms);
            results.push(one);
            log(
              `away for ${ms} ms: right after ${milliseconds(one.rightMs)}, ` +
                `listening after ${milliseconds(one.listeningMs)}`,
            );
          }
        }
        streams.close();
        await ours.stop();
        return figuresOf(outages);
      } finally {
        await first.stop();
      }
    }),
};

async function prepare(url: string): Promise<void> {
  await migrate({ url, engineOnly: true });
  await withClient(url, 'pgtally load', async (client) => {
    await client.query('create schema load');
    await client.query('set search_path = load');
    await client.query(await readFile(TABLES, 'utf8'));
  });
}

type Start = { readonly dataDir: string; readonly port: number };

async function takeAway(
  embedded: Embedded,
  options: Start,
  port: number,
  streams: ValueStreams,
  ms: number,
): Promise<Outage> {
  const { url } = embedded;
  const before = await insert(url);
  await streams.reached(before);
  const noted = streams.arrivals.map((list) => list.length);
  // One more, which may be committed and not yet announced when everything goes away.
  await insert(url);
  await embedded.stop();
  await pause(ms);
  const starting = startEmbedded(options);
  const { acceptedAt, value } = await firstIn(url);
  const [, listeningAt] = await Promise.all([streams.reached(value), listeningAgain(port)]);
  await starting;
  const last = streams.arrivals.map((list) => list.find((arrival) => arrival.value >= value)?.at);
  const rightAt = last.reduce<bigint>(
    (latest, at) => (at !== undefined && at > latest ? at : latest),
    0n,
  );
  return {
    rightMs: Number(rightAt - acceptedAt) / 1e6,
    listeningMs: Number(listeningAt - acceptedAt) / 1e6,
    wrong: wrongOf(streams, noted, value),
  };
}

/** Streams that went back, or stand on another value than the table. */
function wrongOf({ arrivals }: ValueStreams, noted: readonly number[], value: number): number {
  return arrivals.filter((list, index) => {
    const since = list.slice(Math.max(0, (noted[index] ?? 0) - 1));
    const wentBack = since.some((one, at) => one.value < (since[at - 1]?.value ?? 0));
    return wentBack || list.at(-1)?.value !== value;
  }).length;
}

async function insert(url: string): Promise<number> {
  return await withClient(url, 'pgtally load', insertOne);
}

async function insertOne(client: pg.Client): Promise<number> {
  await client.query('insert into load.items default values');
  const { rows } = await client.query<{ count: string }>('select count(*) from load.items');
  return Number(rows[0]?.count);
}

/** Knocks until PostgreSQL lets it in, and writes a row at once. */
async function firstIn(url: string): Promise<{ acceptedAt: bigint; value: number }> {
  const deadline = Date.now() + BACK_MS_MAX;
  for (;;) {
    const client = new pg.Client({ connectionString: url, application_name: 'pgtally load' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const acceptedAt = process.hrtime.bigint();
      const value = await insertOne(client);
      await client.end();
      return { acceptedAt, value };
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > deadline) throw error;
      await pause(POLL_MS);
    }
  }
}

async function listeningAgain(port: number): Promise<bigint> {
  const deadline = Date.now() + BACK_MS_MAX;
  for (;;) {
    const { status, body } = await call(port, '/ready');
    if (body.includes('"state":"listening"')) return process.hrtime.bigint();
    if (Date.now() > deadline) throw new Error(`/ready is ${status}: ${body}`);
    await pause(POLL_MS);
  }
}

function figuresOf(outages: ReadonlyMap<number, readonly Outage[]>) {
  const all = [...outages.values()].flat();
  const wrong = all.reduce((sum, one) => sum + one.wrong, 0);
  return {
    header: ['away for', 'right again, median', 'longest', 'listening again, median', 'longest'],
    rows: [...outages].map(([ms, results]) => {
      const right = results.map((one) => one.rightMs);
      const listening = results.map((one) => one.listeningMs);
      return [
        milliseconds(ms),
        milliseconds(median(right)),
        milliseconds(Math.max(...right)),
        milliseconds(median(listening)),
        milliseconds(Math.max(...listening)),
      ];
    }),
    goals: [
      atMost('right again, longest, in ms', 1000, Math.max(...all.map((one) => one.rightMs))),
      atMost(
        'listening again, longest, in ms',
        1000,
        Math.max(...all.map((one) => one.listeningMs)),
      ),
      atMost('streams that went back or ended on a wrong value', 0, wrong),
    ],
  };
}
