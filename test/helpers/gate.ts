import type { Sql } from './engine.js';

/** How many sessions of this database stand at an advisory lock that a test holds. */
export async function waitersAt(sql: Sql, key: number): Promise<number> {
  const waiting = await sql(
    `select from pg_locks where locktype = 'advisory' and objid = $1::int::oid and not granted
       and database = (select oid from pg_database where datname = current_database())`,
    [key],
  );
  return waiting.length;
}
