import { setTimeout as pause } from 'node:timers/promises';
import { atMost } from '../../lib/figures.js';
import { median } from '../../lib/rounds.js';
import { startClient } from '../lib/client.js';
import { nextPort } from '../lib/http.js';
import { cpuSeconds, HAS_PROC, postmasterOf } from '../lib/usage.js';
import { withWorkplace } from '../lib/workplace.js';
import type { Question } from '../question.js';
import { peersMissing, startPeer } from '../sides/node-peer.js';
import { startOurs } from '../sides/ours.js';
import { streamRequest } from '../sides/side.js';

/**
 * Connecting, first reads and compiling are over by then, and the pulse is asleep. Half a minute
 * after so many streams came, V8 collects what they left, once.
 */
const SETTLE_MS = 45_000;
const SETTLE_QUICK_MS = 500;
const LEAST_SETTLE_MS = 5_000;

type Share = { readonly server: number; readonly postgres: number };

export const idleCost: Question = {
  name: 'load-idle-cost',
  asks: 'What does it cost when nothing changes?',
  answer: async ({ server, scale, log }) => {
    if (!HAS_PROC) return { header: ['idle'], rows: [], notes: ['Skipped: there is no /proc.'] };
    return await withWorkplace(server, async ({ database }) => {
      const postmaster = await postmasterOf(database);
      const settleMs = scale.quick ? SETTLE_QUICK_MS : SETTLE_MS;
      const port = nextPort();
      await pause(settleMs);
      const alone = await idle([process.pid, postmaster], scale.idleSeconds / 2);
      const least = await askOnceASecond(database.url, postmaster, scale.idleSeconds / 2);
      const ours = await startOurs(database.url, port);
      const client = await startClient();
      const request = streamRequest(port, '/v1/stream?topic=load_rows');
      await client.open({ port, request, ready: 'event: sync' }, scale.idleStreams);
      await pause(settleMs);
      const shares: Share[] = [];
      for (let round = 0; round < Math.min(scale.rounds, 2); round += 1) {
        const one = await idle([ours.pid, postmaster], scale.idleSeconds);
        shares.push(one);
        log(`server ${percent(one.server)}, PostgreSQL ${percent(one.postgres)}`);
      }
      await client.close();
      await Promise.all([client.stop(), ours.stop()]);
      const both = median(shares.map((one) => one.server + one.postgres));
      const what = `${scale.idleStreams} idle streams`;
      return {
        header: ['of one core', 'server', 'PostgreSQL', '**together**'],
        rows: [
          ['PostgreSQL alone, nobody connected', '–', percent(alone.postgres), '–'],
          ...(least === undefined ? [] : [rowOf('Node that asks `select 1` once a second', least)]),
          [
            what,
            percent(median(shares.map((one) => one.server))),
            percent(median(shares.map((one) => one.postgres))),
            `**${percent(both)}**`,
          ],
        ],
        goals: [atMost(`${what}: % of a core, together`, 1, both * 100)],
      };
    });
  },
};

/** What waking up costs on this machine, for the least that can be done then. */
async function askOnceASecond(
  url: string,
  postmaster: number,
  seconds: number,
): Promise<Share | undefined> {
  if (peersMissing() !== undefined) return undefined;
  const peer = await startPeer('asks.js', nextPort(), { DATABASE_URL: url });
  await pause(LEAST_SETTLE_MS);
  const share = await idle([peer.pid, postmaster], seconds);
  await peer.stop();
  return share;
}

function rowOf(what: string, { server, postgres }: Share): string[] {
  return [what, percent(server), percent(postgres), percent(server + postgres)];
}

async function idle(
  [server, postgres]: readonly [number, number],
  seconds: number,
): Promise<Share> {
  const before = { server: cpuSeconds(server), postgres: cpuSeconds(postgres) };
  const started = performance.now();
  await pause(seconds * 1000);
  const took = (performance.now() - started) / 1000;
  return {
    server: (cpuSeconds(server) - before.server) / took,
    postgres: (cpuSeconds(postgres) - before.postgres) / took,
  };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
