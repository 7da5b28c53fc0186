import { setTimeout as pause } from 'node:timers/promises';
import { UserError } from '../../../src/errors.js';
import { checkExact } from '../../lib/database.js';
import { atMost, type Figures, type Goal, milliseconds, share } from '../../lib/figures.js';
import { inTurns, median, ratio } from '../../lib/rounds.js';
import { type LoadClient, startClient } from '../lib/client.js';
import { nextPort } from '../lib/http.js';
import { cpuSeconds, openFilesMax, residentBytes } from '../lib/usage.js';
import { type Workplace, withWorkplace } from '../lib/workplace.js';
import type { Scale } from '../options.js';
import type { Load, Question } from '../question.js';
import { nchan } from '../sides/nchan.js';
import { koaSseStream, nodeHttp } from '../sides/node-peer.js';
import { ours, oursKoaSse } from '../sides/ours.js';
import type { RunningSide, Side } from '../sides/side.js';
import { socketIo } from '../sides/socket-io.js';

const SIDES: readonly Side[] = [ours, oursKoaSse, nchan, nodeHttp, koaSseStream, socketIo];
const JUDGED_STREAMS = 10_000;
const DELIVERIES = 200_000;
/** Not measured: code is compiled by then. */
const WARM_UP_BROADCASTS = 2;
const WARM_UP_STREAMS = 20;
const SETTLE_MS = 700;
const SETTLE_QUICK_MS = 50;
const PAUSE_MS = 60;
const OTHER_FILES = 200;

/** One round of one side. Milliseconds are medians of its broadcasts. */
type Round = {
  readonly lastMs: number;
  readonly halfMs: number;
  readonly announcedMs: number;
  readonly streamKb: number;
  readonly cpuSeconds: number;
};

export const fanOut: Question = {
  name: 'load-fan-out',
  asks: 'How long until the last of many streams has one change, and what does a stream cost?',
  answer: async (load) =>
    await withWorkplace(load.server, async (workplace) => {
      const sides = sidesOf(load.scale.sides);
      const rows: string[][] = [];
      const goals: Goal[] = [];
      const client = await startClient();
      for (const count of load.scale.fanOut.filter(fits)) {
        const rounds = await measure(load, workplace, client, sides, count);
        rows.push(...sides.map((side) => cellsOf(side, count, rounds)));
        if (count === JUDGED_STREAMS) goals.push(...judge(rounds));
      }
      await client.stop();
      await checkExact(workplace.database);
      return { ...TABLE, rows, goals, notes: notesOf(load.scale) };
    }),
};

function sidesOf(names: readonly string[]): Side[] {
  const unknown = names.find((name) => !SIDES.some((side) => side.name === name));
  if (unknown !== undefined) {
    const hint = `there are ${SIDES.map(({ name }) => name).join('; ')}`;
    throw new UserError(`there is no side ${JSON.stringify(unknown)}`, { hint });
  }
  const wanted = SIDES.filter(({ name }) => names.length === 0 || names.includes(name));
  return wanted.filter((side) => side.missing?.() === undefined);
}

const TABLE: Pick<Figures, 'header'> = {
  header: [
    'streams',
    'side',
    'last client has it',
    '**/ nchan**',
    'half of them have it',
    'last, from the announcement',
    'memory per stream',
    'CPU per 200 000',
  ],
};

type Rounds = ReadonlyMap<string, readonly Round[]>;

async function measure(
  load: Load,
  workplace: Workplace,
  client: LoadClient,
  sides: readonly Side[],
  count: number,
): Promise<Rounds> {
  const rounds = new Map<string, Round[]>(sides.map(({ name }) => [name, []]));
  await inTurns([...rounds.keys()], load.scale.rounds, async (name) => {
    const side = sides.find((each) => each.name === name);
    if (side === undefined) throw new Error(`there is no side ${name}`);
    const round = await measureOnce(load, workplace, client, side, count);
    rounds.get(name)?.push(round);
    const { lastMs, streamKb, cpuSeconds: cpu } = round;
    load.log(
      `${count} streams, ${name}: last ${milliseconds(lastMs)}, ${share(streamKb)} kB, ` +
        `CPU ${share(cpu)} s`,
    );
    return lastMs;
  });
  return rounds;
}

async function measureOnce(
  { scale }: Load,
  workplace: Workplace,
  client: LoadClient,
  side: Side,
  count: number,
): Promise<Round> {
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

function cellsOf(side: Side, count: number, rounds: Rounds): string[] {
  const of = (figure: keyof Round, name = side.name) =>
    (rounds.get(name) ?? []).map((r) => r[figure]);
  const announced = median(of('announcedMs'));
  return [
    String(count),
    side.name,
    milliseconds(median(of('lastMs'))),
    `**${share(ratio(of('lastMs'), of('lastMs', nchan.name)))}**`,
    milliseconds(median(of('halfMs'))),
    Number.isNaN(announced) ? '–' : milliseconds(announced),
    `${share(median(of('streamKb')))} kB`,
    `${share(median(of('cpuSeconds')))} s`,
  ];
}

function judge(rounds: Rounds): Goal[] {
  const of = (figure: keyof Round, { name }: Side) =>
    (rounds.get(name) ?? []).map((r) => r[figure]);
  const goals = [atMost('10 000 streams, idle: kB for each', 20, median(of('streamKb', ours)))];
  if (!rounds.has(nchan.name)) return goals;
  const ofNchan = ratio(of('lastMs', ours), of('lastMs', nchan));
  return [atMost('10 000 streams, last client: ours / nchan', 1.2, ofNchan), ...goals];
}

/** A socket is an open file, in the server and in the load client; each has some others. */
function fits(count: number): boolean {
  return count + OTHER_FILES < openFilesMax();
}

function notesOf({ fanOut: counts }: Scale): string[] {
  const missing = SIDES.flatMap(({ name, missing: whyMissing }) => {
    const why = whyMissing?.();
    return why === undefined ? [] : [`Skipped: ${name} (${why}).`];
  });
  const tooMany = counts.filter((count) => !fits(count));
  const limit = openFilesMax();
  return [
    ...missing,
    ...tooMany.map((count) => `Skipped: ${count} streams (ulimit -n allows ${limit} files).`),
  ];
}
