import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, withDatabase } from '../../lib/database.js';
import type { Server } from '../../lib/server.js';

const TABLES = new URL('../tables.sql', import.meta.url);

/** What every side finds: a database with the engine and something counted, and a folder. */
export type Workplace = { readonly database: Database; readonly folder: string };

export async function withWorkplace<T>(
  server: Server,
  ask: (workplace: Workplace) => Promise<T>,
): Promise<T> {
  return await withDatabase(server, async (database) => {
    await database.file(TABLES, 'load');
    return await withFolder((folder) => ask({ database, folder }));
  });
}

export async function withFolder<T>(ask: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-load-'));
  try {
    return await ask(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
