import { setTimeout as pause } from 'node:timers/promises';
import { withClient } from '../../src/database.js';
import { endsRight, startMovers, TOPICS } from '../helpers/boxes.js';
import { comeBack } from '../helpers/comeback.js';
import type { Sql } from '../helpers/engine.js';
import { type LiveServer, startLiveServer } from '../helpers/live-server.js';
import { openStream } from '../helpers/sse.js';
import { until } from '../helpers/wait.js';
import { soakCluster } from './cluster.js';

/** What has to be waited for: a minute without PostgreSQL, and a reader that reads nothing. */

const OUTAGE_MS = 60_000;
const STREAMS = 20;
/** Within a second on a machine that does nothing else, as load-listener-outage shows. */
const BACK_MS_MAX = 10_000;
/** A reader may read nothing for 30 s; to fill what lies before that takes a while as well. */
const STALL_MS_MAX = 90_000;

type Print = (line: string) => void;

/** How many of them went wrong. */
export async function soakOutages(print: Print): Promise<number> {
  const cluster = await soakCluster();
  let wrong = 0;
  const scenario = async (what: string, run: (url: string) => Promise<string>) => {
    try {
      print(`  ${what}: ${await cluster.withBoxes('outages', run)}`);
    } catch (error) {
      wrong += 1;
      print(`  ${what}: WRONG, ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  try {
    await scenario('a reader that reads nothing is cut, the others go on', stalledReader);
    await scenario('PostgreSQL away for a minute', async (url) => {
      const server = await startLiveServer({ databaseUrl: url });
      const clients = Array.from({ length: STREAMS }, () =>
        comeBack(() => ({ base: server.url, topics: TOPICS })),
      );
      const recorders = clients.map(({ recorder }) => recorder);
      const movers = startMovers(url);
      try {
        await Promise.all(recorders.map((recorder) => recorder.sync(2)));
        await cluster.stop();
        await pause(OUTAGE_MS);
        await cluster.start();
        const back = performance.now();
        await until(async () => (await server.listener()) === 'listening');
        const ms = Math.round(performance.now() - back);
        await movers.go(50);
        await movers.stop();
        await endsRight(sqlOn(url), recorders);
        if (ms > BACK_MS_MAX) throw new Error(`listening again only after ${ms} ms`);
        const opened = clients.map((client) => client.opened());
        return `${STREAMS} streams right, opened ${Math.max(...opened)} times, listening after ${ms} ms`;
      } finally {
        await movers.stop();
        for (const client of clients) client.close();
        await server.stop();
      }
    });
  } finally {
    await cluster.end();
  }
  return wrong;
}

const sqlOn =
  (url: string): Sql =>
  (text, values = []) =>
    withClient(url, 'soak', async (client) => (await client.query(text, values)).rows as never[]);

async function stalledReader(url: string): Promise<string> {
  const scope = `'${'x'.repeat(500)}' || n`;
  const sql = sqlOn(url);
  await sql('create table public.wide (n int, v int)');
  await sql(
    `select tally.create_counter('wide', 'public.wide', scope => $1, amount => 'v',
      audience => 'public')`,
    [scope],
  );
  await sql('insert into public.wide select n, 0 from generate_series(1, 20) n');
  const topics = Array.from({ length: 20 }, (_, i) => `wide:${'x'.repeat(500)}${i + 1}`);
  const server = await startLiveServer({ databaseUrl: url });
  try {
    const [stalled, reading] = await Promise.all([
      openStream({ base: server.url, topics }),
      openStream({ base: server.url, topics }),
    ]);
    await Promise.all([stalled.recorder.sync(1), reading.recorder.sync(1)]);
    stalled.pause();
    const stopped = performance.now();
    let round = 0;
    await until(
      async () => {
        round += 1;
        await sql('update public.wide set v = $1', [round]);
        return isCut(server);
      },
      { what: 'the cut', deadlineMs: STALL_MS_MAX },
    );
    const ms = performance.now() - stopped;
    await reading.recorder.value(topics[0] ?? '', round);
    for (const stream of [stalled, reading]) stream.close();
    return `cut after ${Math.round(ms / 1000)} s, ${round} rounds`;
  } finally {
    await server.stop();
  }
}

function isCut({ observed }: LiveServer): boolean {
  return observed.some((seen) => seen.kind === 'closed' && seen.reason === 'stalled');
}
