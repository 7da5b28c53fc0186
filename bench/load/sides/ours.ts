import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { connect } from '../../../src/database.js';
import { type Child, startChild } from '../lib/children.js';
import { listening } from '../lib/http.js';
import type { Workplace } from '../lib/workplace.js';
import { collect, collectable, NODE_FLAGS, peersMissing } from './node-peer.js';
import { needleOf, type RunningSide, type Side, streamRequest } from './side.js';

const CLI = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const MOUNTED = fileURLToPath(new URL('../peers/ours-mounted.js', import.meta.url));
const ANNOUNCED_MS_MAX = 10_000;

export const ours: Side = sideOf('ours', CLI, ['serve']);
/** The same in an application's own Koa, with the streams of koa-sse-stream. */
export const oursKoaSse: Side = {
  ...sideOf('ours, koa-sse-stream sink', MOUNTED, []),
  missing: peersMissing,
};

type Started = {
  readonly path?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
};

/** Our server as it is published: compiled, in a process of its own. */
export async function startOurs(
  url: string,
  port: number,
  { path = CLI, args = ['serve'], env = {} }: Started = {},
): Promise<Child> {
  const child = startChild({
    name: 'pgtally serve',
    path: process.execPath,
    args: [...NODE_FLAGS, ...collectable(), ...extraFlags(), path, ...args],
    env: {
      ...{ DATABASE_URL: url, PORT: String(port), LOG_LEVEL: 'warn', NODE_ENV: 'production' },
      ...env,
    },
  });
  await listening(port, child);
  return child;
}

/** For whoever wants to look inside: --cpu-prof, say. */
function extraFlags(): string[] {
  return (process.env.TALLY_LOAD_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '');
}

function sideOf(name: string, path: string, args: readonly string[]): Side {
  return {
    name,
    start: async ({ database }: Workplace, port): Promise<RunningSide> => {
      const child = await startOurs(database.url, port, { path, args });
      const writer = await connect(database.url, 'pgtally load');
      const heard = await listen(database.url);
      let value = await countedOf(writer);
      return {
        pid: child.pid,
        target: {
          port,
          request: streamRequest(port, '/v1/stream?topic=load_rows'),
          ready: 'event: sync',
        },
        next: () => {
          value += 1;
          const needle = needleOf(value);
          return {
            needle,
            publish: async () => {
              const announcement = heard.next(`["load_rows","",${value}]`);
              const begun = process.hrtime.bigint();
              await writer.query('insert into load.items default values');
              return { begun, announced: await announcement };
            },
          };
        },
        collect: () => collect(child),
        stop: async () => {
          await heard.stop();
          await writer.end();
          await child.stop();
        },
      };
    },
  };
}

async function countedOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('select count(*) from load.items');
  return Number(rows[0]?.count ?? 0);
}

/** A session beside the server's own: it hears of a pulse when the server does. */
async function listen(url: string) {
  const client = await connect(url, 'pgtally load, listening');
  await client.query('listen tally');
  return {
    next: (change: string): Promise<bigint> =>
      new Promise((resolve, reject) => {
        const done = (act: () => void) => {
          clearTimeout(late);
          client.off('notification', notified);
          act();
        };
        const notified = ({ payload }: pg.Notification) => {
          const now = process.hrtime.bigint();
          if (payload?.replaceAll(' ', '').includes(change)) done(() => resolve(now));
        };
        const late = setTimeout(
          () => done(() => reject(new Error(`${change} was not announced`))),
          ANNOUNCED_MS_MAX,
        );
        client.on('notification', notified);
      }),
    stop: () => client.end(),
  };
}
