import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import { migrate } from '../../src/migrate.js';
import type { Server } from './server.js';

const PENDING_MS_MAX = 60_000;

export type Database = {
  readonly url: string;
  readonly client: pg.Client;
  /** Runs statements; the rows of the only or last one. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Runs a file with the tables of one side in front. */
  file(url: URL, schema: string): Promise<void>;
};

/** A database of a question's own with the engine in it, dropped when the question is answered. */
export async function withDatabase<T>(
  server: Server,
  ask: (database: Database) => Promise<T>,
  { applications = false }: { applications?: boolean } = {},
): Promise<T> {
  const name = `tally_bench_${process.pid}_${randomBytes(3).toString('hex')}`;
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  await withClient(server.url, 'pgtally bench', (admin) => admin.query(`create database ${name}`));
  try {
    await migrate({ url: url.href, engineOnly: !applications });
    const client = await connect(url.href, 'pgtally bench');
    try {
      return await ask(toolsFor(url.href, client));
    } finally {
      await client.end();
    }
  } finally {
    await withClient(server.url, 'pgtally bench', (admin) =>
      admin.query(`drop database if exists ${name} with (force)`),
    );
  }
}

function toolsFor(url: string, client: pg.Client): Database {
  return {
    url,
    client,
    sql: async <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) => {
      const result = await client.query<Row>(text, values);
      return result.rows;
    },
    file: async (path, schema) => {
      const text = await readFile(path, 'utf8');
      await client.query(`create schema if not exists ${schema}`);
      await client.query(`set search_path = ${schema}`);
      await client.query(text);
      await client.query('reset search_path');
    },
  };
}

/** Waits until everything that was committed is folded: the next side starts from nothing. */
export async function untilFolded(database: Database): Promise<void> {
  const deadline = Date.now() + PENDING_MS_MAX;
  for (;;) {
    const rows = await database.sql('select from tally.deltas limit 1');
    if (rows.length === 0) return;
    if (Date.now() > deadline) throw new Error(`deltas were not folded in ${PENDING_MS_MAX} ms`);
    await pause(20);
  }
}

/** A figure of a side that counted wrong would be worth nothing. */
export async function checkExact(database: Database): Promise<void> {
  const wrong = await database.sql('select * from tally.verify()');
  if (wrong.length > 0) throw new Error(`counted wrong: ${JSON.stringify(wrong.slice(0, 3))}`);
}
