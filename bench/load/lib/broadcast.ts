import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../../lib/rounds.js';
import type { Scale } from '../options.js';
import type { RunningSide, Side } from '../sides/side.js';
import type { LoadClient } from './client.js';
import { nextPort } from './http.js';
import { cpuSeconds, residentBytes } from './usage.js';
import type { Workplace } from './workplace.js';

const DELIVERIES = 200_000;
/** Not measured: code is compiled by then. */
const WARM_UP_BROADCASTS = 2;
const WARM_UP_STREAMS = 20;
const SETTLE_MS = 700;
const SETTLE_QUICK_MS = 50;
const PAUSE_MS = 60;

/** One round of one side. Milliseconds are medians of its broadcasts. */
export type Round = {
  readonly lastMs: number;
  readonly halfMs: number;
  readonly announcedMs: number;
  readonly streamKb: number;
  readonly cpuSeconds: number;
};

export type Measured = {
  readonly scale: Scale;
  readonly workplace: Workplace;
  readonly client: LoadClient;
  readonly side: Side;
  /** Streams that are open at once. */
  readonly count: number;
};

export async function measureSide(measured: Measured): Promise<Round> {
  const { scale, workplace, client, side, count } = measured;
  const running = await side.start(workplace, nextPort());
  try {
    await client.open(running.target, Math.min(WARM_UP_STREAMS, count));
    await broadcast(running, client, 1);
    await client.close();
    const before = await settledBytes(running, scale);
    await client.open(running.target, count);
    const after = await settledBytes(running, scale);
    await broadcast(running, client, WARM_UP_BROADCASTS);
    const cpuBefore = cpuSeconds(running.pid);
    const times = await broadcast(running, client, scale.broadcasts);
    const cpu = cpuSeconds(running.pid) - cpuBefore;
    await client.close();
    return {
      lastMs: median(times.map(({ last }) => last)),
      halfMs: median(times.map(({ half }) => half)),
      announcedMs: median(times.map(({ announced }) => announced)),
      streamKb: (after - before) / count / 1000,
      cpuSeconds: (cpu / (scale.broadcasts * count)) * DELIVERIES,
    };
  } finally {
    await running.stop();
  }
}

type Times = { readonly last: number; readonly half: number; readonly announced: number };

async function broadcast(running: RunningSide, client: LoadClient, times: number) {
  const results: Times[] = [];
  for (let index = 0; index < times; index += 1) {
    const { needle, publish } = running.next();
    const { received } = await client.watch(needle);
    const { begun, announced } = await publish();
    const { half, last } = await received;
    results.push({
      last: ms(last - begun),
      half: ms(half - begun),
      announced: announced === undefined ? Number.NaN : ms(last - announced),
    });
    await pause(PAUSE_MS);
  }
  return results;
}

/** What the kernel counts as the process's own when it has had time to give back garbage. */
async function settledBytes(running: RunningSide, { quick }: Scale): Promise<number> {
  const settleMs = quick ? SETTLE_QUICK_MS : SETTLE_MS;
  await pause(settleMs);
  running.collect();
  await pause(settleMs);
  return residentBytes(running.pid);
}

function ms(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
