import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describeSqlError } from '../src/sql-error.js';
import { dropTestDatabases, onDatabase } from './helpers/database.js';
import { claimFolder } from './helpers/folder.js';
import { freePort } from './helpers/ports.js';
import { prepareTemplate } from './helpers/template.js';

/** Runs all tests, or the files named, on one PostgreSQL that is started and stopped for them. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SQL_DIR = join(ROOT, 'sql');
const AVA = join(ROOT, 'node_modules', 'ava', 'entrypoints', 'cli.mjs');
const PORT = 5451;

const SETTINGS = {
  // A crash loses the data of a test run, and nobody misses it.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  max_prepared_transactions: '20',
  autovacuum: 'on',
};

type TestServer = { readonly url: string; stop(): Promise<void> };

let ava: ChildProcess | undefined;
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    ava?.kill(signal);
  });
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(`error: the tests could not run: ${explain(error)}`);
  return 1;
});

async function main(): Promise<number> {
  const server = await startServer();
  const folder = mkdtempSync(join(tmpdir(), 'pgtally-test-run-'));
  const skipList = join(folder, 'skipped');
  try {
    const { env, holder } = await templateFor(server.url);
    if (interrupted) return 1;
    const outcome = await runAva({
      ...env,
      TALLY_TEST_URL: server.url,
      TALLY_TEST_SKIPPED: skipList,
    });
    await holder?.end();
    return summarize(outcome, readSkipped(skipList), env.TALLY_TEST_TEMPLATE_ERROR);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  }
}

async function startServer(): Promise<TestServer> {
  const { TALLY_TEST_URL: given } = process.env;
  if (given !== undefined && given !== '') return { url: given, stop: () => Promise.resolve() };
  const { startEmbedded } = await import('../src/embedded.js');
  const claim = claimFolder(join(ROOT, '.data'), 'test');
  try {
    const port = await freePort(PORT);
    const embedded = await startEmbedded({ dataDir: claim.folder, port, settings: SETTINGS });
    const stop = async () => {
      await embedded.stop();
      claim.release();
    };
    const url = onDatabase(embedded.url, 'postgres');
    // The folder is ours alone, so what is there was left by a run that was killed.
    await dropTestDatabases(url);
    return { url, stop };
  } catch (error) {
    claim.release();
    throw error;
  }
}

/** Tests that need no engine run without one too, so a fault in the SQL does not hide others. */
async function templateFor(url: string) {
  try {
    const { template, holder } = await prepareTemplate(url, SQL_DIR);
    return { env: { TALLY_TEST_TEMPLATE: template, TALLY_TEST_TEMPLATE_ERROR: undefined }, holder };
  } catch (error) {
    const problem = explain(error);
    console.error(`error: the template database could not be migrated: ${problem}`);
    return {
      env: { TALLY_TEST_TEMPLATE: undefined, TALLY_TEST_TEMPLATE_ERROR: problem },
      holder: undefined,
    };
  }
}

type Outcome = { readonly code: number; readonly passed: number; readonly failed: number };

/** The reporter's total leaves out what passed when something failed, so lines are counted. */
async function runAva(env: NodeJS.ProcessEnv): Promise<Outcome> {
  const color = process.stdout.isTTY ? ['--color'] : [];
  ava = spawn(process.execPath, [AVA, ...color, ...process.argv.slice(2)], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  ava.stdout?.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((line) => stripVTControlCharacters(line).trim()));
  });
  const [code] = (await once(ava, 'close')) as [number | null];
  const failed = lines.filter((line) => /^[✘×] \[(fail|unexpected pass)\]/.test(line)).length;
  return {
    code: code ?? 1,
    passed: lines.filter((line) => /^[✔√] /.test(line)).length,
    // A process that crashes or does not exit fails no single test, but the run.
    failed: code === 0 ? failed : Math.max(failed, 1),
  };
}

function summarize(outcome: Outcome, skipped: string[], templateError: string | undefined): number {
  for (const title of skipped) console.log(`skipped: ${title}`);
  if (templateError !== undefined) {
    console.error('error: there was no migrated template, see the first lines of this run');
  }
  const failed = outcome.failed === 0 && templateError !== undefined ? 1 : outcome.failed;
  const counts = [`${outcome.passed - skipped.length} passed`, `${failed} failed`];
  if (skipped.length > 0) counts.push(`${skipped.length} skipped`);
  console.log(counts.join(', '));
  return failed === 0 ? outcome.code : Math.max(outcome.code, 1);
}

function readSkipped(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function explain(error: unknown): string {
  const hint =
    error instanceof Error && 'hint' in error && error.hint ? `\nhint: ${error.hint}` : '';
  return describeSqlError(error) + hint;
}
