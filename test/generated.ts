import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withClient } from '../src/database.js';
import { migrate } from '../src/migrate.js';
import { writeApi } from './generated/api.js';
import { diff } from './generated/diff.js';
import { dumpSchema } from './generated/schema.js';
import { onDatabase } from './helpers/database.js';
import { claimFolder } from './helpers/folder.js';
import { freePort } from './helpers/ports.js';

/** Writes the files that are made from a freshly migrated database, or with --check compares. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PORT = 5461;
/** The text of views differs from one major version to the next. */
const MAJOR = 18;

type Server = { readonly url: string; stop(): Promise<void> };

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
});

async function main(args: readonly string[]): Promise<number> {
  const check = args.includes('--check');
  const surplus = args.find((arg) => arg !== '--check');
  if (surplus !== undefined) throw new Error(`${surplus} is unknown: there is only --check`);
  const server = await startServer();
  try {
    const files = await generate(server.url);
    return check ? await compare(files) : await write(files);
  } finally {
    await server.stop();
  }
}

/** TALLY_TEST_URL where that is the right version, as for the tests; else the embedded server. */
async function startServer(): Promise<Server> {
  const { TALLY_TEST_URL: given = '' } = process.env;
  if (given !== '') {
    const major = await majorOf(given);
    if (major === MAJOR) return { url: given, stop: () => Promise.resolve() };
    console.error(
      `not on TALLY_TEST_URL, PostgreSQL ${major}: generated files are made on ${MAJOR}`,
    );
  }
  const { startEmbedded } = await import('../src/embedded.js');
  const claim = claimFolder(join(ROOT, '.data'), 'generated');
  try {
    const settings = { fsync: 'off' };
    const port = await freePort(PORT);
    const embedded = await startEmbedded({ dataDir: claim.folder, port, settings });
    const stop = async () => {
      await embedded.stop();
      claim.release();
    };
    return { url: onDatabase(embedded.url, 'postgres'), stop };
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function majorOf(url: string): Promise<number> {
  return await withClient(url, 'pgtally generate', async (client) => {
    const { rows } = await client.query<{ major: number }>(
      "select current_setting('server_version_num')::int / 10000 as major",
    );
    return rows[0]?.major ?? 0;
  });
}

async function generate(url: string): Promise<Map<string, string>> {
  const name = `tally_generated_${process.pid}`;
  return await withClient(url, 'pgtally generate', async (admin) => {
    await admin.query(`create database ${name} template template0`);
    try {
      await migrate({ url: onDatabase(url, name), engineOnly: true });
      return await withClient(onDatabase(url, name), 'pgtally generate', async (client) => {
        const schema = await dumpSchema(client);
        const api = await writeApi(client);
        return new Map([
          ['sql/schema.sql', schema],
          ['docs/sql-api.md', api],
        ]);
      });
    } finally {
      await admin.query(`drop database ${name} with (force)`);
    }
  });
}

async function write(files: ReadonlyMap<string, string>): Promise<number> {
  for (const [path, text] of files) {
    const changed = (await textOf(path)) !== text;
    if (changed) await writeFile(join(ROOT, path), text);
    console.log(`${path}: ${changed ? 'written' : 'as it was'}`);
  }
  return 0;
}

async function compare(files: ReadonlyMap<string, string>): Promise<number> {
  let code = 0;
  for (const [path, text] of files) {
    const lines = diff(await textOf(path), text);
    if (lines.length === 0) continue;
    code = 1;
    console.error(`${path} is not what the database says; make generate writes it anew:`);
    for (const line of lines) console.error(line);
  }
  if (code === 0) console.log('the generated files are what the database says');
  return code;
}

async function textOf(path: string): Promise<string> {
  return await readFile(join(ROOT, path), 'utf8').catch(() => '');
}
