import type { Sql } from './engine.js';

export type Gone = Record<string, string>;

/** Figures of a dry run, and of clean-ups until there is nothing left to do: `rows/partitions`. */
export async function told(sql: Sql, name: string | null = null): Promise<Gone> {
  return sumOf([await call(sql, name, true)]);
}

export async function gone(sql: Sql, name: string | null = null): Promise<Gone> {
  const calls: Row[][] = [];
  for (;;) {
    const rows = await call(sql, name, false);
    calls.push(rows);
    if (rows.every((row) => row.rows === 0 && row.partitions === 0)) return sumOf(calls);
  }
}

type Row = { name: string; rows: number; partitions: number };

const call = (sql: Sql, name: string | null, dryRun: boolean) =>
  sql<Row>(
    'select name, rows::int, partitions from tally.clean_up($1, dry_run => $2) order by name',
    [name, dryRun],
  );

function sumOf(calls: readonly Row[][]): Gone {
  const sums = new Map<string, [number, number]>();
  for (const { name, rows, partitions } of calls.flat()) {
    const [r, p] = sums.get(name) ?? [0, 0];
    sums.set(name, [r + rows, p + partitions]);
  }
  return Object.fromEntries([...sums].map(([name, [r, p]]) => [name, `${r}/${p}`]));
}
