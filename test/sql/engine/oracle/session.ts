import type pg from 'pg';
import { isSqlError } from '../../../../src/sql-error.js';
import { openClient, pidOf } from './client.js';
import { copyIn } from './copy-in.js';
import { DIFFERENCES } from './counters.js';
import { type Difference, type Figures, reportDifferences } from './figures.js';
import { ROOTS } from './fixture.js';
import type { Begin, Move } from './moves.js';

/** One session of an application, and what its errors mean. */

export type Setting = {
  readonly url: string;
  readonly writer: string;
  readonly figures: Figures;
  /** The application uses PREPARE TRANSACTION, so the doorbell is off. */
  readonly twoPhase: boolean;
};

type Current = {
  readonly isolation: Begin['isolation'];
  /** A comparison inside the transaction proves something. */
  readonly comparable: boolean;
  failed: boolean;
};

export type Session = {
  readonly client: pg.Client;
  readonly pid: number;
  /** Runs one move; false: it failed. Only a broken connection rejects. */
  perform(move: Move): Promise<boolean>;
  readonly inTransaction: () => boolean;
};

/** What random statements may run into without anybody being at fault. */
const EXPECTED = new Set([
  '21000', // ON CONFLICT or MERGE would change a row twice
  '23503', // foreign key
  '23502', // a partition key of NULL
  '23505', // unique
  '23514', // no partition for the row
  '22003', // integer out of range
  '25P01', // no transaction
  '25P02', // failed transaction
  '27000', // a row that a trigger of this command changed already
  '3B001', // no such savepoint
  '40001',
  '40P01',
  '42501', // row-level security
  'TL010', // a scope of 513 bytes
]);

/** COPY and row-level security exclude each other, and say so by a code that much else has. */
const COPY_REFUSED = /^COPY FROM not supported with row-level security$/;

const LOCK_ALL = `lock table ${ROOTS.join(', ')} in access share mode`;
let gids = 0;

export async function openSession(setting: Setting, name: string): Promise<Session> {
  const client = await openClient(setting.url, name);
  const state: { current: Current | undefined } = { current: undefined };
  return {
    client,
    pid: await pidOf(client),
    inTransaction: () => state.current !== undefined,
    perform: async (move) => {
      try {
        await perform(setting, client, state, move);
        return true;
      } catch (error) {
        if (state.current !== undefined) state.current.failed = true;
        judge(setting.figures, error, move, state.current);
        return false;
      }
    },
  };
}

async function perform(
  setting: Setting,
  client: pg.Client,
  state: { current: Current | undefined },
  move: Move,
): Promise<void> {
  const { figures } = setting;
  switch (move.do) {
    case 'begin':
      if (state.current !== undefined) return;
      state.current = currentOf(move);
      await client.query(beginText(move, setting.writer));
      return;
    case 'sql':
      figures.statements += 1;
      await client.query(move.text);
      if (state.current !== undefined && move.text === 'rollback to s')
        state.current.failed = false;
      return;
    case 'copy':
      figures.statements += 1;
      await copyIn(client, move.text, move.data);
      return;
    case 'look':
      if (state.current?.comparable === true && !state.current.failed) {
        await lookInside(figures, client, state.current);
      }
      return;
    case 'fold':
      // A fold at commit announces, and NOTIFY and PREPARE TRANSACTION exclude each other.
      if (state.current?.comparable === true && !state.current.failed && !setting.twoPhase) {
        await client.query('insert into tally.fold_requests default values');
      }
      return;
    case 'end':
      if (state.current === undefined) return;
      await finish(setting, client, state, move);
  }
}

function currentOf({ isolation, holding, settings }: Begin): Current {
  const able = !settings.some((one) => one.startsWith('role'));
  return {
    isolation,
    comparable: able && (isolation === 'read committed' || holding),
    failed: false,
  };
}

function beginText({ isolation, holding, settings }: Begin, writer: string): string {
  const local = settings.map((one) => `set local ${one.replace(':writer', writer)}`);
  const held = holding && !settings.some((one) => one.startsWith('role')) ? [LOCK_ALL] : [];
  return [`begin isolation level ${isolation}`, ...held, ...local].join('; ');
}

async function lookInside(figures: Figures, client: pg.Client, { isolation }: Current) {
  const { rows } = await client.query<Difference>({ name: 'differences', text: DIFFERENCES });
  figures.looks += 1;
  reportDifferences(figures, `inside a ${isolation} transaction`, rows);
}

async function finish(
  { figures, twoPhase }: Setting,
  client: pg.Client,
  state: { current: Current | undefined },
  move: Extract<Move, { do: 'end' }>,
): Promise<void> {
  const failed = state.current?.failed === true;
  try {
    if (move.prepare && twoPhase && !failed) {
      gids += 1;
      const gid = `'oracle_${process.pid}_${gids}'`;
      await client.query(`prepare transaction ${gid}`);
      await client.query(`${move.how} prepared ${gid}`);
      figures.prepared += 1;
      figures[move.how === 'commit' ? 'committed' : 'rolledBack'] += 1;
      return;
    }
    const { command } = await client.query(move.how);
    figures[command === 'COMMIT' ? 'committed' : 'rolledBack'] += 1;
  } catch (error) {
    figures.rolledBack += 1;
    throw error;
  } finally {
    state.current = undefined;
  }
}

/**
 * Seen once, on 18, in a MERGE beside writers that move rows, outside of any trigger: an internal
 * error of PostgreSQL, which rolls its transaction back. Not in any other statement, nor in ours.
 */
const MERGE_RACE = /^unexpected table_tuple_lock status: 1$/;

/** Counting is never the reason why a writer fails, except for a scope that is too long. */
function judge(figures: Figures, error: unknown, move: Move, current: Current | undefined): void {
  if (!isSqlError(error)) throw error;
  const code = error.code ?? 'none';
  figures.refused.set(code, (figures.refused.get(code) ?? 0) + 1);
  if (code === '40001') figures.serializationFailures += 1;
  if (code === '40P01') figures.deadlocks += 1;
  // What SERIALIZABLE finds out about the application's own reads and writes, it may find out in
  // any statement, a trigger's too.
  const doomed = current?.isolation === 'serializable' && /read\/write dep/.test(error.message);
  const ours = /\btally\./.test(error.where ?? '') && code !== 'TL010' && !doomed;
  const text = move.do === 'sql' || move.do === 'copy' ? move.text : move.do;
  const race = /^\s*merge\b/.test(text) && !error.where && MERGE_RACE.test(error.message);
  if (ours || !(EXPECTED.has(code) || COPY_REFUSED.test(error.message) || race)) {
    figures.faults.push(`${code} ${error.message} (${error.where ?? 'no context'}) in: ${text}`);
  }
}
