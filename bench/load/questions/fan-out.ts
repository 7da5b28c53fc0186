import { UserError } from '../../../src/errors.js';
import { checkExact } from '../../lib/database.js';
import { atMost, type Figures, type Goal, milliseconds, share } from '../../lib/figures.js';
import { inTurns, median, ratio } from '../../lib/rounds.js';
import { measureSide, type Round } from '../lib/broadcast.js';
import { type LoadClient, startClient } from '../lib/client.js';
import { openFilesMax } from '../lib/usage.js';
import { type Workplace, withWorkplace } from '../lib/workplace.js';
import type { Scale } from '../options.js';
import type { Load, Question } from '../question.js';
import { nchan } from '../sides/nchan.js';
import { koaSseStream, nodeHttp } from '../sides/node-peer.js';
import { ours, oursKoaSse } from '../sides/ours.js';
import type { Side } from '../sides/side.js';
import { socketIo } from '../sides/socket-io.js';

const SIDES: readonly Side[] = [ours, oursKoaSse, nchan, nodeHttp, koaSseStream, socketIo];
const JUDGED_STREAMS = 10_000;
const OTHER_FILES = 200;

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
    const round = await measureSide({ scale: load.scale, workplace, client, side, count });
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
