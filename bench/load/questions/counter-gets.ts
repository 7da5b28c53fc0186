import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { atLeast, atMost, milliseconds, share, whole } from '../../lib/figures.js';
import { inTurns, median, ratio } from '../../lib/rounds.js';
import { call, nextPort } from '../lib/http.js';
import { WRK } from '../lib/tools.js';
import { cpuSeconds, postmasterOf } from '../lib/usage.js';
import { withWorkplace } from '../lib/workplace.js';
import type { Question } from '../question.js';
import { peersMissing, startPeer } from '../sides/node-peer.js';
import { startOurs } from '../sides/ours.js';

const run = promisify(execFile);
const CONNECTIONS = 64;
const SIDES = ['ours', 'bare Koa'] as const;
const HEADER = [
  'side',
  'GET/s',
  '**/ bare Koa**',
  'p50',
  'p99',
  'CPU for each, server',
  'PostgreSQL',
] as const;
const OVERTIME_MS = 30_000;

type Load = {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of processor time for each. */
  readonly serverCpu: number;
  readonly postgresCpu: number;
};

export const counterGets: Question = {
  name: 'load-counter-gets',
  asks: 'How many reads of one counter a second, next to a Koa route that knows its answer?',
  answer: async ({ server, scale, log }) => {
    const why = existsSync(WRK) ? peersMissing() : 'wrk is not installed';
    if (why !== undefined) return { header: ['side'], rows: [], notes: [`Skipped: ${why}.`] };
    return await withWorkplace(server, async ({ database }) => {
      await database.sql('insert into load.items select from generate_series(1, 17)');
      const ports = { ours: nextPort(), 'bare Koa': nextPort() };
      const paths = { ours: '/v1/counters/load_rows', 'bare Koa': '/' };
      const ours = await startOurs(database.url, ports.ours);
      const bare = await startPeer('bare-koa.js', ports['bare Koa']);
      const postmaster = await postmasterOf(database);
      const pids = { ours: ours.pid, 'bare Koa': bare.pid };
      const loads = { ours: [] as Load[], 'bare Koa': [] as Load[] };
      for (const side of SIDES) {
        await checkAnswer(ports[side], paths[side]);
        await get(ports[side], paths[side], Math.ceil(scale.getSeconds / 2));
      }
      const rates = await inTurns(SIDES, scale.rounds, async (side) => {
        const spent = meter(pids[side], postmaster);
        const rate = await get(ports[side], paths[side], scale.getSeconds);
        const one = { ...rate, ...spent(rate.requestsPerSecond * scale.getSeconds) };
        loads[side].push(one);
        log(`${side}: ${whole(one.requestsPerSecond)}/s, p99 ${milliseconds(one.p99)}`);
        return one.requestsPerSecond;
      });
      await Promise.all([ours.stop(), bare.stop()]);
      const p99 = median(loads.ours.map((one) => one.p99));
      return {
        header: [...HEADER],
        rows: SIDES.map((side) => [
          side,
          whole(median(rates[side])),
          `**${share(ratio(rates[side], rates['bare Koa']))}**`,
          milliseconds(median(loads[side].map(({ p50 }) => p50))),
          milliseconds(median(loads[side].map((one) => one.p99))),
          `${share(median(loads[side].map(({ serverCpu }) => serverCpu)))} µs`,
          side === 'ours' ? `${share(median(loads.ours.map((one) => one.postgresCpu)))} µs` : '–',
        ]),
        goals: [
          atLeast(
            `${CONNECTIONS} connections: ours / bare Koa`,
            1,
            ratio(rates.ours, rates['bare Koa']),
          ),
          atMost(`${CONNECTIONS} connections: ours, p99 in ms`, 20, p99),
        ],
      };
    });
  },
};

async function checkAnswer(port: number, path: string): Promise<void> {
  const { status, body } = await call(port, path);
  if (status !== 200 || !body.includes('"value":17')) throw new Error(`${path}: ${status} ${body}`);
}

function meter(server: number, postgres: number) {
  const before = { server: cpuSeconds(server), postgres: cpuSeconds(postgres) };
  return (requests: number) => ({
    serverCpu: ((cpuSeconds(server) - before.server) / requests) * 1e6,
    postgresCpu: ((cpuSeconds(postgres) - before.postgres) / requests) * 1e6,
  });
}

type Rate = Pick<Load, 'requestsPerSecond' | 'p50' | 'p99'>;

async function get(port: number, path: string, seconds: number): Promise<Rate> {
  const url = `http://127.0.0.1:${port}${path}`;
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', url];
  const { stdout } = await run(WRK, args, { timeout: seconds * 1000 + OVERTIME_MS });
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`wrk at ${path}: ${stdout}`);
  return {
    requestsPerSecond: Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]),
    p50: quantileIn(stdout, 50),
    p99: quantileIn(stdout, 99),
  };
}

/** wrk writes 812.00us, 4.25ms or 1.02s. */
function quantileIn(text: string, percent: number): number {
  const pattern = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, 'm');
  const [, digits, unit] = pattern.exec(text) ?? [];
  const factor = unit === 'us' ? 0.001 : unit === 'ms' ? 1 : 1000;
  return Number(digits) * factor;
}
