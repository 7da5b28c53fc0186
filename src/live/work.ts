import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';

const WORK = `select filled + rebuilt + expired + jobs as done,
  extract(epoch from next_due - pg_catalog.clock_timestamp()) * 1000 as due_ms
from tally.work()`;

type WorkRow = { done: number; due_ms: string | null };

export type WorkOptions = {
  /** How often it looks when nothing is known to be due. */
  idleMs: number;
  signal: AbortSignal;
};

/** Fills new counters and does what else is due, on a session of its own: the pulse never waits. */
export async function workLoop(client: pg.Client, options: WorkOptions): Promise<void> {
  const { idleMs, signal } = options;
  while (!signal.aborted) {
    const { rows } = await client.query<WorkRow>(WORK);
    const row = rows[0];
    if (row !== undefined && row.done > 0) continue;
    const dueMs = row?.due_ms === null || row === undefined ? idleMs : Number(row.due_ms);
    // Due now and yet not done: another session has it, or it must wait for the pulse.
    const waitMs = dueMs <= 0 ? idleMs : Math.min(dueMs, idleMs);
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
  }
}
