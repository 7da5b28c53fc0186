import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { APPS } from '../apps/apps.js';
import { SQL_DIR } from '../migrate/tree.js';
import { PEOPLE } from './people.js';

/** Any number: with the same one the same rows are made, but for their times. */
const SEED = 0.4711;

export type Loaded = { readonly outcome: 'loaded' | 'not empty' | 'no applications' };

/** All of it or nothing; where anybody has signed up, it is somebody's own database by now. */
export async function loadDemo(client: pg.Client, note: (line: string) => void): Promise<Loaded> {
  const { rows } = await client.query<{ there: boolean }>(
    'select count(*) = cardinality($1::text[]) as there from pg_namespace where nspname = any ($1)',
    [APPS.map(({ schema }) => schema)],
  );
  if (rows[0]?.there !== true) return { outcome: 'no applications' };
  await client.query('begin');
  try {
    // Another one that loads at the same time is waited for, and then there is nothing to do.
    await client.query('lock table accounts.users in share row exclusive mode');
    const first = await client.query('select from accounts.users limit 1');
    if (first.rows.length > 0) {
      await client.query('rollback');
      return { outcome: 'not empty' };
    }
    await client.query('select setseed($1)', [SEED]);
    for (const { schema } of APPS) {
      note(`demo: ${schema}`);
      await client.query(await readFile(join(SQL_DIR, 'apps', 'demo', `${schema}.sql`), 'utf8'));
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
  // What was loaded is folded, built and due now, not a moment after the first reader came.
  await client.query('analyze');
  await client.query('call tally.tick()');
  return { outcome: 'loaded' };
}

/** Whether the people are there whose tokens are printed. */
export async function hasDemo(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query('select from accounts.users where id = $1', [
    PEOPLE.admin.id,
  ]);
  return rows.length > 0;
}
