import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { connect, withClient } from '../../src/database.js';
import { migrate } from '../../src/migrate.js';
import { onDatabase } from './database.js';

const PREFIX = 'tally_template_';
const HASH_LENGTH = 12;
/** How it is migrated belongs to its state as well. */
const MIGRATE_DIR = fileURLToPath(new URL('../../src/migrate', import.meta.url));

/** The template that has the applications too. */
export function withApps(template: string): string {
  return `${template}_apps`;
}

/**
 * Migrates a template database once for each state of the SQL tree and each day, since it has the
 * partitions of its months, and keeps it until another is tested. Its name carries the hash, so two
 * test runs on one server do not disturb each other; the session that is returned holds the
 * template, and has to stay open meanwhile.
 */
export async function prepareTemplate(
  url: string,
  sqlDir: string,
): Promise<{ template: string; holder: pg.Client }> {
  const template = PREFIX + (await hashOf([sqlDir, MIGRATE_DIR]));
  const holder = await connect(url, 'pgtally test run');
  try {
    await holder.query('select pg_advisory_lock(hashtext($1))', [`${PREFIX}lock`]);
    await dropOthers(holder, template);
    if (!(await exists(holder, withApps(template)))) {
      await holder.query(`drop database if exists ${template} with (force)`);
      await buildBoth(holder, url, template, sqlDir);
    }
    await holder.query('select pg_advisory_lock_shared(hashtext($1))', [template]);
    await holder.query('select pg_advisory_unlock(hashtext($1))', [`${PREFIX}lock`]);
  } catch (error) {
    await holder.end();
    throw error;
  }
  return { template, holder };
}

/** Engine alone, and engine with applications: a test gets what its subject needs. */
async function buildBoth(
  holder: pg.Client,
  url: string,
  template: string,
  sqlDir: string,
): Promise<void> {
  const applications = withApps(template);
  await holder.query(`drop database if exists ${applications} with (force)`);
  const engine = { template, from: 'template0', engineOnly: true };
  await build(holder, url, sqlDir, engine);
  await build(holder, url, sqlDir, { template: applications, from: template, engineOnly: false });
}

type Build = { readonly template: string; readonly from: string; readonly engineOnly: boolean };

/** Built under another name: a half-migrated database never carries the template's. */
async function build(
  holder: pg.Client,
  url: string,
  sqlDir: string,
  { template, from, engineOnly }: Build,
): Promise<void> {
  const draft = `${template}_draft`;
  await holder.query(`drop database if exists ${draft} with (force)`);
  await holder.query(`create database ${draft} template ${from}`);
  await migrate({ url: onDatabase(url, draft), sqlDir, engineOnly });
  await withClient(onDatabase(url, draft), 'pgtally test run', leaveNothingToChance);
  // A session on the template would make cloning it fail.
  await holder.query(`alter database ${draft} allow_connections false`);
  await holder.query(`alter database ${draft} rename to ${template}`);
}

/**
 * While nobody attends, a write folds by itself once in a thousand times: tests of that say so. And
 * prune is due an hour after its database was made, where a template may be older than that.
 */
export async function leaveNothingToChance(client: pg.Client): Promise<void> {
  await client.query(`update tally.settings set fold_at = 0;
    update tally.jobs set next_at = now() + interval '10 years' where name = 'prune'`);
}

async function dropOthers(holder: pg.Client, template: string): Promise<void> {
  const others = await holder.query<{ datname: string }>(
    `select datname from pg_catalog.pg_database
     where starts_with(datname, $1) and not starts_with(datname, $2)`,
    [PREFIX, template],
  );
  for (const { datname } of others.rows) {
    const free = await holder.query<{ got: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as got',
      [datname],
    );
    if (free.rows[0]?.got !== true) continue;
    await holder.query(`drop database ${datname} with (force)`);
    await holder.query('select pg_advisory_unlock(hashtext($1))', [datname]);
  }
}

async function exists(holder: pg.Client, template: string): Promise<boolean> {
  const found = await holder.query('select from pg_catalog.pg_database where datname = $1', [
    template,
  ]);
  return found.rows.length > 0;
}

async function hashOf(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(new Date().toISOString().slice(0, 10));
  const options = { recursive: true, withFileTypes: true } as const;
  const files = await Promise.all(folders.map((folder) => readdir(folder, options)));
  const paths = files
    .flat()
    .filter((file) => file.isFile() && /\.(sql|list|ts)$/.test(file.name))
    .map((file) => join(file.parentPath, file.name))
    .sort();
  for (const path of paths) hash.update(`${path}\n`).update(await readFile(path));
  return hash.digest('hex').slice(0, HASH_LENGTH);
}
