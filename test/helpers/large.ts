import type pg from 'pg';

/**
 * Tables of a million rows, for what the planner makes of them. Loaded, they take minutes; so a few
 * thousand rows are loaded, and the planner is told that there are a million. It still sees how few
 * pages they fill, so that reading one from end to end looks cheaper to it than it would be: what
 * uses an index here uses it there. TALLY_TEST_ROWS=1000000 loads them all instead.
 */

const ROWS_TOLD = 1_000_000;

const { TALLY_TEST_ROWS: given = '' } = process.env;

/** How many rows a large table is to have; `few` where nobody asks for more. */
export function rowsToLoad(few: number): number {
  return given === '' ? few : Number(given);
}

/** Whatever has fewer is no large table, and may be read from end to end. */
const ROWS_MIN = given === '' ? 1000 : 10_000;

const LARGE = `from pg_class c
  where c.relnamespace = any ($1::text[]::regnamespace[]) and c.relkind in ('r', 'p')
    and greatest(c.reltuples, (
      select sum(l.reltuples) from pg_partition_tree(c.oid) p join pg_class l on l.oid = p.relid
      where p.isleaf)) >= ${ROWS_MIN}`;

/**
 * The large tables of these schemas, by name, after ANALYZE. The planner takes each for one of a
 * million rows, and what a partial index has grows in proportion.
 */
export async function largeTables(
  session: pg.Client,
  ...schemas: readonly string[]
): Promise<ReadonlySet<string>> {
  const { rows } = await session.query<{ name: string; kind: string; tuples: number }>(
    `select c.oid::regclass::text as name, c.relkind as kind, c.reltuples as tuples ${LARGE}`,
    [schemas],
  );
  if (given === '') {
    for (const { name, kind } of rows) {
      // Else it would soon be counted anew.
      if (kind === 'r') await session.query(`alter table ${name} set (autovacuum_enabled = off)`);
    }
    for (const { name, tuples } of rows) {
      await session.query(
        `update pg_class c set reltuples = c.reltuples / $2::real * ${ROWS_TOLD}
         where c.oid = $1::regclass
           or c.oid in (select indexrelid from pg_index where indrelid = $1::regclass)`,
        [name, tuples],
      );
    }
  }
  return new Set(rows.map(({ name }) => name));
}
