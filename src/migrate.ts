import type pg from 'pg';
import { connect, targetOf, withClient } from './database.js';
import { UserError } from './errors.js';
import { attach, fill, planAfter } from './migrate/after.js';
import { openBooks, recordedFiles } from './migrate/books.js';
import { pendingFiles } from './migrate/compare.js';
import type { HandChange } from './migrate/definitions.js';
import { checkLock, takeLock } from './migrate/lock.js';
import { applyNumbered } from './migrate/numbered.js';
import { planReplay, type ReplayPlan, replayObjects } from './migrate/objects.js';
import { PARTS, readTree, SQL_DIR, type Tree } from './migrate/tree.js';
import { describeSqlError, isSqlError } from './sql-error.js';

const APPLICATION = 'pgtally migrate';
const OLDEST_MAJOR = 15;
const NEWEST_MAJOR = 18;

export type MigrateOptions = {
  readonly url: string;
  /** Leave the bundled applications out. */
  readonly engineOnly?: boolean;
  /** Say what would be done, and write nothing. */
  readonly dryRun?: boolean;
  readonly sqlDir?: string;
  readonly report?: (line: string) => void;
};

export type MigrateResult = {
  /** Numbered files, relative to sql/. */
  readonly applied: readonly string[];
  /** Repeatable files, relative to sql/: all of a part, or none. */
  readonly replayed: readonly string[];
  readonly handChanged: readonly string[];
  readonly filled: readonly string[];
  readonly warnings: readonly string[];
};

type Outcome = { [Key in keyof MigrateResult]: string[] };

type Run = {
  readonly work: pg.Client;
  readonly lock: pg.Client;
  readonly outcome: Outcome;
  readonly report: (line: string) => void;
};

/** Brings a database up to date: numbered files, then objects, of the engine and of the apps. */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const report = options.report ?? (() => undefined);
  const trees = await readTrees(options);
  const outcome: Outcome = { applied: [], replayed: [], handChanged: [], filled: [], warnings: [] };
  try {
    await withClient(options.url, APPLICATION, async (work) => {
      await prepareSession(work);
      await checkServer(work, outcome, report);
      if (options.dryRun === true) await previewAll(work, trees, outcome, report);
      else await migrateAll(options.url, work, trees, outcome, report);
    });
  } catch (error) {
    throw asUserError(error, options.url);
  }
  return outcome;
}

async function readTrees(options: MigrateOptions): Promise<Tree[]> {
  const parts = options.engineOnly === true ? PARTS.slice(0, 1) : PARTS;
  const sqlDir = options.sqlDir ?? SQL_DIR;
  const trees = await Promise.all(parts.map((part) => readTree(sqlDir, part)));
  return trees.filter((tree) => tree !== undefined);
}

/** Time-outs are meant for the application: a fill may take longer. Names are all qualified. */
async function prepareSession(client: pg.Client): Promise<void> {
  await client.query(`
    set statement_timeout = 0;
    set lock_timeout = 0;
    set idle_in_transaction_session_timeout = 0;
    set client_min_messages = warning;
    set search_path = ''`);
}

async function checkServer(
  client: pg.Client,
  outcome: Outcome,
  report: (line: string) => void,
): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string; standby: boolean }>(
    `select pg_catalog.current_setting('server_version_num') as number,
       pg_catalog.current_setting('server_version') as version,
       pg_catalog.pg_is_in_recovery() as standby`,
  );
  const { number = '0', version = 'unknown', standby = false } = rows[0] ?? {};
  const major = Math.floor(Number(number) / 10_000);
  if (major < OLDEST_MAJOR) {
    throw new UserError(`PostgreSQL ${version} is too old: pgtally needs ${OLDEST_MAJOR} or newer`);
  }
  if (standby) {
    throw new UserError('this server is a standby, where nothing can be written', {
      hint: 'migrate its primary: what is done there arrives here',
    });
  }
  if (major > NEWEST_MAJOR) {
    warn(outcome, report, `PostgreSQL ${version} is newer than what was tested, ${NEWEST_MAJOR}`);
  }
}

async function migrateAll(
  url: string,
  work: pg.Client,
  trees: readonly Tree[],
  outcome: Outcome,
  report: (line: string) => void,
): Promise<void> {
  const lock = await connect(url, APPLICATION);
  try {
    await prepareSession(lock);
    await takeLock(lock, work, report);
    await openBooks(work);
    const run = { work, lock, outcome, report };
    for (const tree of trees) await migrateTree(run, tree);
    await finish(run);
  } finally {
    // The lock goes with its session.
    await lock.end().catch(() => undefined);
  }
}

async function migrateTree(run: Run, tree: Tree): Promise<void> {
  const { work, lock, outcome, report } = run;
  const pending = pendingFiles(tree, await recordedFiles(work, tree.part));
  const plan = await planReplay(work, tree, pending.length > 0);
  await checkLock(lock);
  await applyNumbered(work, tree, pending, report);
  outcome.applied.push(...pending.map(({ path }) => path));
  if (!plan.needed) return report(`${tree.part}: up to date`);
  await checkLock(lock);
  await replayObjects(work, tree, plan, report);
  outcome.replayed.push(...tree.objects.map(({ path }) => path));
  report(`${tree.part}: ran ${tree.objects.length} objects${reasons(tree, plan)}`);
  for (const change of plan.byHand) {
    outcome.handChanged.push(change.identity);
    warn(outcome, report, handChangeLine(change, 'was put back'));
  }
}

async function finish(run: Run): Promise<void> {
  const { work, outcome, report } = run;
  const plan = await planAfter(work);
  if (plan.attach) await attach(work, report);
  const { unfilled } = plan.attach ? await planAfter(work) : plan;
  for (const name of unfilled) {
    const problem = await fill(work, name, report);
    if (problem === undefined) outcome.filled.push(name);
    else warn(outcome, report, problem);
  }
}

/** One snapshot and no writing, whatever else goes on. */
async function previewAll(
  work: pg.Client,
  trees: readonly Tree[],
  outcome: Outcome,
  report: (line: string) => void,
): Promise<void> {
  await work.query('begin isolation level repeatable read read only');
  for (const tree of trees) {
    const pending = pendingFiles(tree, await recordedFiles(work, tree.part));
    const plan = await planReplay(work, tree, pending.length > 0);
    for (const { path } of pending) report(`would apply sql/${path}`);
    for (const change of plan.byHand) {
      outcome.handChanged.push(change.identity);
      warn(outcome, report, handChangeLine(change, 'would be put back'));
    }
    if (plan.needed) {
      report(`${tree.part}: would run ${tree.objects.length} objects${reasons(tree, plan)}`);
    } else if (pending.length === 0) report(`${tree.part}: up to date`);
  }
  for (const name of (await planAfter(work)).unfilled) report(`would fill counter ${name}`);
  await work.query('rollback');
}

function handChangeLine(change: HandChange, what: string): string {
  const { kind, identity, path, recordedAt } = change;
  const kept =
    change.change === 'changed' ? ' (its text is kept in tally_migrations.replaced)' : '';
  return (
    `${kind} ${identity} was ${change.change} by hand since ${recordedAt.toISOString()}: ` +
    `it ${what}${kept}; to keep the change, write it into sql/${path}`
  );
}

/** Which files made it necessary; the first time that is all of them. */
function reasons(tree: Tree, { added, changed, removed }: ReplayPlan): string {
  if (added.length === tree.objects.length) return '';
  const parts = [
    ...added.map((path) => `new: ${path}`),
    ...changed.map((path) => `changed: ${path}`),
    ...removed.map((path) => `gone: ${path}`),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function warn(outcome: Outcome, report: (line: string) => void, line: string): void {
  outcome.warnings.push(line);
  report(`warning: ${line}`);
}

function asUserError(error: unknown, url: string): unknown {
  if (error instanceof UserError) return error;
  const target = targetOf(url);
  if (isSqlError(error)) {
    const hint =
      error.code === '42501'
        ? 'migrate as the owner of the database, who also needs CREATEROLE the first time'
        : 'nothing of this step was kept: mend the cause and migrate again';
    return new UserError(`migrating ${target} failed: ${describeSqlError(error)}`, {
      hint,
      cause: error,
    });
  }
  if (error instanceof Error && /terminated|ECONNRESET|EPIPE|not queryable/i.test(error.message)) {
    return new UserError(`the connection to ${target} was lost: ${error.message}`, {
      hint: 'nothing of the step it was in was kept: migrate again',
      cause: error,
    });
  }
  return error;
}
