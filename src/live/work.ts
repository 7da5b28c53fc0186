import type pg from 'pg';
import type { Observe } from '../observation.js';
import { Bell } from './bell.js';
import { watched } from './watchdog.js';

const WORK = `select filled, rebuilt, expired, jobs,
  extract(epoch from next_due - pg_catalog.clock_timestamp()) * 1000 as due_ms
from tally.work()`;

/** In a transaction of its own: whoever collects keeps marks from others until it ends. */
const COLLECT = 'select tally.collect_marks() as marks';

/** No session can end its own job that takes too long: whoever is idle looks after the others'. */
const CANCEL_OVERDUE = 'select tally.cancel_overdue_jobs()';
const CANCEL_EVERY_MS = 2000;

const DEFINITIONS = 'tally_definitions';

/** What may become due meanwhile is looked for this often while something is due soon. */
const SOON_MS = 100;

/** Due, and yet another session has it: looked at again after this long, then later and later. */
const TAKEN_MS_MIN = 20;

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

/** Fills, builds, expires and runs what is due, on a session of its own: the pulse never waits. */
export async function workLoop(client: pg.Client, options: WorkOptions): Promise<void> {
  const { url, idleMs, signal, onDefinitions } = options;
  const bell = new Bell();
  const wake = () => bell.ring();
  signal.addEventListener('abort', wake);
  client.on('end', wake);
  client.on('notification', ({ channel }) => {
    bell.ring();
    if (channel === DEFINITIONS) onDefinitions?.();
  });
  const doorbell = doorbellOf(client);
  let takenMs = TAKEN_MS_MIN;
  let canceledAt = performance.now();
  try {
    await watched(client, url, () => client.query(`listen ${DEFINITIONS}`));
    await client.query('listen tally_work');
    while (!signal.aborted) {
      if (bell.take() > 0) await doorbell.takeBack();
      const started = performance.now();
      await watched(client, url, () => client.query(COLLECT));
      const { rows } = await watched(client, url, () => client.query<WorkRow>(WORK));
      const [row] = rows;
      if (row === undefined) throw new Error('tally.work() returned nothing');
      if (isSomething(row)) {
        options.observe?.({ kind: 'work', ...row, ms: performance.now() - started });
        takenMs = TAKEN_MS_MIN;
        continue;
      }
      if (performance.now() - canceledAt > CANCEL_EVERY_MS) {
        await client.query(CANCEL_OVERDUE);
        canceledAt = performance.now();
      }
      const dueMs = row.due_ms === null ? Number.POSITIVE_INFINITY : Number(row.due_ms);
      if (dueMs > idleMs) {
        takenMs = TAKEN_MS_MIN;
        // What was marked before the ringing began rang nobody: so look once more.
        if (await doorbell.askFor()) continue;
        await bell.wait(idleMs);
        continue;
      }
      // Whatever is marked until then is built then or soon after: nobody needs to ring for it.
      await doorbell.takeBack();
      await bell.wait(dueMs > 0 ? Math.min(dueMs, SOON_MS, idleMs) : Math.min(takenMs, idleMs));
      if (dueMs <= 0) takenMs *= 2;
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

/** While it is asked for, whoever marks a document rings; one session asks for all that listen. */
function doorbellOf(client: pg.Client) {
  let isAsked = false;
  return {
    /** True when it is asked for from now on, and was not before. */
    askFor: async (): Promise<boolean> => {
      if (isAsked) return false;
      const { rows } = await client.query<{ asked: boolean }>(
        'select tally.await_marks() as asked',
      );
      isAsked = rows[0]?.asked === true;
      return isAsked;
    },
    takeBack: async (): Promise<void> => {
      if (!isAsked) return;
      isAsked = false;
      await client.query('select tally.stop_awaiting_marks()');
    },
  };
}

function isSomething({ filled, rebuilt, expired, jobs }: WorkRow): boolean {
  return filled + rebuilt + expired + jobs > 0;
}
