import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, Statement } from '../pool.js';
import { isSqlError, NOT_ALLOWED, NOT_THERE } from '../sql-error.js';
import { MIGRATE, VERSION } from '../version.js';

/** What the database says of itself when somebody asks whether all is well. */
export type Vitals =
  | { readonly isAnswered: false; readonly fault: string; readonly isUnfit: boolean }
  | {
      readonly isAnswered: true;
      /** The release of its engine. */
      readonly version: string;
      readonly pulse: number;
      readonly pending: number;
    };

export type Look = () => Promise<Vitals>;

/** Anybody may ask at /ready, as often as he likes: the database is asked no more often than so. */
const AGE_MS_MAX = 500;
/** Who asks does not wait longer either. */
const WAIT_MS_MAX = 2000;

const STATUS: Statement = {
  name: 'tally-status',
  text: 'select tally.version(), s.pulse, s.pending from tally.status s',
};

type Row = [version: string, pulse: string, pending: string];

export function watchVitals(pool: Pool): Look {
  let looking: Promise<Vitals> | undefined;
  let last: { readonly vitals: Vitals; readonly at: number } | undefined;
  const look = async () => {
    const vitals = await ask(pool);
    last = { vitals, at: performance.now() };
    looking = undefined;
    return vitals;
  };
  return async () => {
    if (last !== undefined && performance.now() - last.at < AGE_MS_MAX) return last.vitals;
    looking ??= look();
    return await Promise.race([looking, pause(WAIT_MS_MAX, TOO_LONG, { ref: false })]);
  };
}

const TOO_LONG: Vitals = {
  isAnswered: false,
  fault: `gave no answer within ${WAIT_MS_MAX / 1000} s`,
  isUnfit: false,
};

async function ask(pool: Pool): Promise<Vitals> {
  try {
    const [row] = await pool.rows<Row>(STATUS, []);
    if (row === undefined) {
      return { isAnswered: false, fault: `has no pulse: ${MIGRATE}`, isUnfit: true };
    }
    const [version, pulse, pending] = row;
    return {
      isAnswered: true,
      version,
      pulse: Number(pulse),
      pending: Number(pending),
    };
  } catch (error) {
    return faultOf(error);
  }
}

/** Codes and words of the database itself stay in the log: anybody may read /ready. */
function faultOf(error: unknown): Vitals {
  const code = isSqlError(error) ? (error.code ?? '') : '';
  if (code !== NOT_ALLOWED && !NOT_THERE.has(code))
    return { isAnswered: false, fault: 'does not answer', isUnfit: false };
  const fault =
    code === NOT_ALLOWED
      ? 'does not let this server in: grant tally_server to its role'
      : `has no engine, or an unfinished one: ${MIGRATE}`;
  return { isAnswered: false, fault, isUnfit: true };
}

/** A deployment migrates first and replaces servers after that: the old ones go on until then. */
export function isOtherRelease(vitals: Vitals): boolean {
  return vitals.isAnswered && vitals.version !== VERSION;
}
