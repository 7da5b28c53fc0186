import type pg from 'pg';
import type { Observe } from '../observation.js';
import { Bell } from './bell.js';
import { watched } from './watchdog.js';

const WORK = `select filled, rebuilt, expired, jobs,
  extract(epoch from next_due - pg_catalog.clock_timestamp()) * 1000 as due_ms
from tally.work()`;

type WorkRow = {
  filled: number;
  rebuilt: number;
  expired: number;
  jobs: number;
  due_ms: string | null;
};

export type WorkOptions = {
  url: string;
  /** How often it looks when nothing is known to be due. */
  idleMs: number;
  signal: AbortSignal;
  observe?: Observe;
  onDefinitions?: () => void;
};

/** Fills new counters and does what else is due, on a session of its own: the pulse never waits. */
export async function workLoop(client: pg.Client, options: WorkOptions): Promise<void> {
  const { url, idleMs, signal, onDefinitions } = options;
  const bell = new Bell();
  const wake = () => bell.ring();
  signal.addEventListener('abort', wake);
  client.on('end', wake);
  client.on('notification', () => {
    bell.ring();
    onDefinitions?.();
  });
  try {
    await watched(client, url, () => client.query('listen tally_definitions'));
    while (!signal.aborted) {
      bell.take();
      const started = performance.now();
      const { rows } = await watched(client, url, () => client.query<WorkRow>(WORK));
      const [row] = rows;
      if (row === undefined) throw new Error('tally.work() returned nothing');
      if (isSomething(row)) {
        options.observe?.({ kind: 'work', ...row, ms: performance.now() - started });
        continue;
      }
      const dueMs = row.due_ms === null ? idleMs : Number(row.due_ms);
      // Due now and yet not done: another session has it, or it must wait for the pulse.
      await bell.wait(dueMs <= 0 ? idleMs : Math.min(dueMs, idleMs));
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

function isSomething({ filled, rebuilt, expired, jobs }: WorkRow): boolean {
  return filled + rebuilt + expired + jobs > 0;
}
