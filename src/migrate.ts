import type pg from 'pg';
import { connect, targetOf, withClient } from './database.js';
import { attach, fill, planAfter, sweep } from './migrate/after.js';
import { openBooks, recordedFiles } from './migrate/books.js';
import { pendingFiles } from './migrate/compare.js';
import type { HandChange } from './migrate/definitions.js';
import { checkLock, takeLock } from './migrate/lock.js';
import { applyNumbered } from './migrate/numbered.js';
import { planReplay, type ReplayPlan, replayObjects } from './migrate/objects.js';
import { refuseUnrecorded, restoreRoles } from './migrate/restored.js';
import { checkServer, migrationError, prepareSession } from './migrate/session.js';
import { PARTS, readTree, SQL_DIR, type Tree } from './migrate/tree.js';

const APPLICATION = 'pgtally migrate';

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
      const tooNew = await checkServer(work);
      if (tooNew !== undefined) warn(outcome, report, tooNew);
      if (options.dryRun === true) await previewAll(work, trees, outcome, report);
      else await migrateAll(options.url, work, trees, outcome, report);
    });
  } catch (error) {
    throw migrationError(error, targetOf(options.url));
  }
  return outcome;
}

async function readTrees(options: MigrateOptions): Promise<Tree[]> {
  const parts = options.engineOnly === true ? PARTS.slice(0, 1) : PARTS;
  const sqlDir = options.sqlDir ?? SQL_DIR;
  const trees = await Promise.all(parts.map((part) => readTree(sqlDir, part)));
  return trees.filter((tree) => tree !== undefined);
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
  const recorded = await recordedFiles(work, tree.part);
  if (tree.part === 'engine' && recorded.length === 0) await refuseUnrecorded(work);
  const pending = pendingFiles(tree, recorded);
  const moved = tree.part === 'engine' && recorded.length > 0 && (await restoreRoles(work, report));
  const plan = await planReplay(work, tree, moved || pending.length > 0);
  await checkLock(lock);
  await applyNumbered(work, tree, pending, report);
  outcome.applied.push(...pending.map(({ path }) => path));
  if (!plan.needed) return report(`${tree.part}: up to date`);
  await checkLock(lock);
  const leftOver = await replayObjects(work, tree, plan, report);
  outcome.replayed.push(...tree.objects.map(({ path }) => path));
  report(`${tree.part}: ran ${tree.objects.length} objects${reasons(tree, plan)}`);
  for (const change of plan.byHand) {
    outcome.handChanged.push(change.identity);
    warn(outcome, report, handChangeLine(change, 'was put back'));
  }
  for (const { kind, identity } of leftOver) {
    const line = `${kind} ${identity} is left over: no file makes it any more, nor drops it`;
    warn(outcome, report, `${line}; drop it in a new numbered migration`);
  }
}

async function finish(run: Run): Promise<void> {
  const { work, outcome, report } = run;
  const plan = await planAfter(work);
  if (plan.attach) await attach(work, report);
  if (plan.unfilled.length > 0) await sweep(work);
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
