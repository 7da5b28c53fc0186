import type pg from 'pg';
import { describeSqlError, isSqlError } from '../sql-error.js';

/** 5 000 totals each: beyond that tally.work fills the counter, when they are gone. */
const SWEEP_PULSES_MAX = 200;

export type AfterPlan = { readonly attach: boolean; readonly unfilled: readonly string[] };

/** What the engine still has to do once its objects are there. Looks only. */
export async function planAfter(client: pg.Client): Promise<AfterPlan> {
  const { rows } = await client.query<{ attach: boolean; fill: boolean }>(
    `select pg_catalog.to_regproc('tally.attach') is not null as attach,
       pg_catalog.to_regproc('tally.fill') is not null
         and pg_catalog.to_regclass('tally.counter_definitions') is not null as fill`,
  );
  const { attach = false, fill = false } = rows[0] ?? {};
  if (!fill) return { attach, unfilled: [] };
  const unfilled = await client.query<{ name: string }>(
    'select d.name from tally.counter_definitions as d where d.filled_at is null order by d.name',
  );
  return { attach, unfilled: unfilled.rows.map(({ name }) => name) };
}

/** New partitions get the triggers that they lack. */
export async function attach(client: pg.Client, report: (line: string) => void): Promise<void> {
  const { rows } = await client.query<Record<string, unknown>>('select * from tally.attach()');
  for (const row of rows) report(`attached ${Object.values(row).map(String).join(' ')}`);
}

/** A counter declared anew under an old name is filled once the pulse has swept the old totals away. */
export async function sweep(client: pg.Client): Promise<void> {
  for (let pulses = 0; pulses < SWEEP_PULSES_MAX; pulses += 1) {
    const { rows } = await client.query<{ left: boolean }>(
      'select exists (select from tally.dropped) as left',
    );
    if (rows[0]?.left !== true) return;
    await client.query('select tally.pulse()');
  }
}

/**
 * Counts what was there before each new counter. One that fails stays unreadable, which is no reason
 * to stop the others or the program: it is named, and tally.work tries again.
 */
export async function fill(
  client: pg.Client,
  name: string,
  report: (line: string) => void,
): Promise<string | undefined> {
  try {
    const { rows } = await client.query<{ filled: number | null }>(
      'select tally.fill($1) as filled',
      [name],
    );
    // Someone else may have filled it meanwhile, or it waits for a sweep.
    if (rows[0]?.filled === 0) return undefined;
    report(`filled counter ${name}`);
    return undefined;
  } catch (error) {
    if (!isSqlError(error)) throw error;
    return `counter ${name} could not be filled and is not readable yet: ${describeSqlError(error)}`;
  }
}
