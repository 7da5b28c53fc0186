import type pg from 'pg';
import type { Observe } from '../observation.js';
import type { Bell } from './bell.js';
import type { Looks } from './looks.js';
import { together } from './turns.js';
import { watched } from './watchdog.js';

const WORK = {
  name: 'tally-work',
  text: `select filled, rebuilt, expired, jobs,
  extract(epoch from next_due - pg_catalog.clock_timestamp()) * 1000 as due_ms
from tally.work_knowing(pg_catalog.to_timestamp($1::float8), '100 milliseconds')`,
};

/** When something is due, by index: a tenth of what it costs to find nothing to do. */
const LOOK = {
  name: 'tally-look',
  text: `select extract(epoch from expiry_at)::text as expiry_at,
  (extract(epoch from expiry_at) - extract(epoch from pg_catalog.clock_timestamp())) * 1000 as expiry_ms,
  extract(epoch from due - pg_catalog.clock_timestamp()) * 1000 as due_ms
from tally.next_work_knowing(pg_catalog.to_timestamp($1::float8))`,
};

/**
 * Every rule is asked when its next row falls due at most this often, and after a ring: that takes
 * most of the time of a look.
 */
const RULES_MS = 900;

/** What a look cannot see, because a clock was put back, say, is found after this long. */
const ROUND_MS_MAX = 10_000;

/** In a transaction of its own: it keeps marks, and documents, from others until it ends. */
const COLLECT = 'select tally.collect_marks(), tally.expand_due()';

/** No session can end its own job that takes too long: whoever is idle looks after the others'. */
const CANCEL_OVERDUE = 'select tally.cancel_overdue_jobs()';
const CANCEL_EVERY_MS = 2000;

/** Rows that are due within two seconds ring; what is written for later is known by a look. */
const LOOK_MS_MAX = 1000;

/** While something is due before the next look, nobody has to ring: it is looked for this often. */
const SOON_LOOK_MS = 100;

/** A session that heard for so long what others found looks itself: a silent one would be ended. */
const SILENT_MS_MAX = 3000;

/** So a session that works asks something at least this often. */
export const WORK_ASKS_MS = SILENT_MS_MAX + LOOK_MS_MAX;

/** Another session asks for the ringing: whether it still does is asked this often. */
const ASK_AGAIN_MS = 3000;

/** Due, and yet another session has it: looked at again after this long, then later and later. */
const TAKEN_MS_MIN = 20;

type DueRow = { due_ms: string | null };

type LookRow = DueRow & {
  /** Seconds since 1970, or Infinity. */
  expiry_at: string;
  expiry_ms: string;
};

type WorkRow = DueRow & {
  filled: number;
  rebuilt: number;
  expired: number;
  jobs: number;
};

export type WorkOptions = {
  url: string;
  /** How often it looks when nothing is known to be due; at least once a second. */
  idleMs: number;
  signal: AbortSignal;
  /** Rung by whoever listens. */
  bell: Bell;
  observe?: Observe;
  /** Shared by all that work here. */
  looks: Looks;
  /** Told of what may take long, which is every piece. */
  during: <T>(piece: () => Promise<T>) => Promise<T>;
};

/** Fills, builds, expires and runs what is due, on a session of its own: the pulse never waits. */
export async function workLoop(client: pg.Client, options: WorkOptions): Promise<void> {
  const { url, signal, looks, bell } = options;
  const idleMs = Math.min(options.idleMs, LOOK_MS_MAX);
  const wake = () => bell.ring();
  signal.addEventListener('abort', wake);
  client.on('end', wake);
  const doorbell = doorbellOf(client, url);
  const rules = new Rules();
  let takenMs = TAKEN_MS_MIN;
  let isIdle = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  let roundAt = Number.NEGATIVE_INFINITY;
  let canceledAt = performance.now();
  try {
    while (!signal.aborted) {
      if (bell.take() > 0) {
        rules.forget();
        await doorbell.takeBack();
        roundAt = Number.NEGATIVE_INFINITY;
      }
      const isLook = performance.now() - roundAt < ROUND_MS_MAX;
      const mayHear = isLook && isIdle && performance.now() - askedAt < SILENT_MS_MAX;
      const heardMs = mayHear ? await looks.heard(client) : undefined;
      if (heardMs === undefined) askedAt = performance.now();
      isIdle = false;
      const dueMs = !isLook
        ? await options.during(() => round(client, rules, options))
        : (heardMs ?? (await looks.tell(client, look(client, rules, options))));
      if (dueMs === undefined || (isLook && dueMs <= 0)) {
        if (!isLook) takenMs = TAKEN_MS_MIN;
        roundAt = Number.NEGATIVE_INFINITY;
        continue;
      }
      if (!isLook) {
        roundAt = performance.now();
        // A job that runs is due until it ends, so no look passes it over.
        if (roundAt - canceledAt > CANCEL_EVERY_MS) {
          await watched(client, url, () => client.query(CANCEL_OVERDUE));
          canceledAt = performance.now();
        }
      }
      if (dueMs > idleMs) {
        takenMs = TAKEN_MS_MIN;
        // What was marked before the ringing began rang nobody: so look once more.
        if (await doorbell.askFor()) continue;
        await bell.wait(Math.min(dueMs, together(idleMs)));
        isIdle = true;
        continue;
      }
      if (dueMs <= 0) {
        // For what is marked beside it nobody looks so soon any more.
        if (takenMs > SOON_LOOK_MS && (await doorbell.askFor())) continue;
        await bell.wait(Math.min(takenMs, idleMs));
        takenMs *= 2;
        continue;
      }
      await doorbell.takeBack();
      await bell.wait(Math.min(dueMs, SOON_LOOK_MS, idleMs));
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }
}

/** When the next row falls due, by what the rules said when they were asked last. */
class Rules {
  #said = '';
  /** Until then, and until that row is due: another session may have expired it. */
  #until = 0;

  /** Null where they have to be asked. */
  get said(): string | null {
    return performance.now() < this.#until ? this.#said : null;
  }

  say({ expiry_at, expiry_ms }: LookRow): void {
    this.#said = expiry_at;
    this.#until = performance.now() + Math.min(RULES_MS, Number(expiry_ms));
  }

  forget(): void {
    this.#until = 0;
  }
}

/** In how many ms something is due, as far as a look tells. */
async function look(client: pg.Client, rules: Rules, { url }: WorkOptions): Promise<number> {
  const { said } = rules;
  const { rows } = await watched(client, url, () => {
    return client.query<LookRow>({ ...LOOK, values: [said] });
  });
  const [row] = rows;
  if (row === undefined) throw new Error('tally.next_work_knowing() returned nothing');
  if (said === null) rules.say(row);
  return msOf(row);
}

/** Does what is due, and says the same; undefined where there is more to do at once. */
async function round(
  client: pg.Client,
  rules: Rules,
  { url, observe }: WorkOptions,
): Promise<number | undefined> {
  const started = performance.now();
  await watched(client, url, () => client.query(COLLECT));
  const { rows } = await watched(client, url, () => {
    return client.query<WorkRow>({ ...WORK, values: [rules.said] });
  });
  const [row] = rows;
  if (row === undefined) throw new Error('tally.work_knowing() returned nothing');
  const dueMs = msOf(row);
  if (!isSomething(row)) return dueMs;
  observe?.({ kind: 'work', ...row, ms: performance.now() - started });
  return dueMs > 0 ? dueMs : undefined;
}

function msOf({ due_ms }: DueRow): number {
  return due_ms === null ? Number.POSITIVE_INFINITY : Number(due_ms);
}

/** While it is asked for, whoever marks a document rings; one session asks for all that listen. */
function doorbellOf(client: pg.Client, url: string) {
  let isAsked = false;
  let refusedAt = Number.NEGATIVE_INFINITY;
  return {
    /** True when it is asked for from now on, and was not before. */
    askFor: async (): Promise<boolean> => {
      if (isAsked || performance.now() - refusedAt < ASK_AGAIN_MS) return false;
      const { rows } = await watched(client, url, () => {
        return client.query<{ asked: boolean }>('select tally.await_marks() as asked');
      });
      isAsked = rows[0]?.asked === true;
      if (!isAsked) refusedAt = performance.now();
      return isAsked;
    },
    takeBack: async (): Promise<void> => {
      if (!isAsked) return;
      isAsked = false;
      await watched(client, url, () => client.query('select tally.stop_awaiting_marks()'));
    },
  };
}

function isSomething({ filled, rebuilt, expired, jobs }: WorkRow): boolean {
  return filled + rebuilt + expired + jobs > 0;
}
