import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { UserError } from '../errors.js';
import { describeSqlError, isSqlError } from '../sql-error.js';
import { BOOKS, haveBooks, recordedHashes } from './books.js';
import {
  type Definition,
  type HandChange,
  handChanges,
  keepReplaced,
  leftOvers,
  recordDefinitions,
  recordedByOtherMajor,
  watchDefinitions,
} from './definitions.js';
import type { ObjectFile, Tree } from './tree.js';

/** Replacing a view waits for its readers, and new readers wait behind: so never for long. */
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_ATTEMPTS_MAX = 5;
const LOCK_PAUSE_MS = 500;
const LOCK_NOT_AVAILABLE = '55P03';
/** SQLSTATEs of what `create or replace` does not replace. */
const OTHER_FUNCTION = '42P13';
const OTHER_COLUMNS = '42P16';

export type ReplayPlan = {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly byHand: readonly HandChange[];
  readonly needed: boolean;
};

/** Looks only. `force` is set when numbered files run before it: they may change what views say. */
export async function planReplay(
  client: pg.Client,
  tree: Tree,
  force: boolean,
): Promise<ReplayPlan> {
  const recorded = await recordedHashes(client, tree.part);
  const present = new Set(tree.objects.map(({ path }) => path));
  const added = tree.objects.filter(({ path }) => !recorded.has(path));
  const changed = tree.objects.filter(
    ({ path, hash }) => recorded.has(path) && recorded.get(path) !== hash,
  );
  const removed = [...recorded.keys()].filter((path) => !present.has(path));
  const books = await haveBooks(client);
  const byHand = books ? await handChanges(client, tree.part) : [];
  const upgraded = books && (await recordedByOtherMajor(client, tree.part));
  const differs = added.length + changed.length + removed.length + byHand.length > 0;
  return {
    added: added.map(({ path }) => path),
    changed: changed.map(({ path }) => path),
    removed,
    byHand,
    needed: differs || upgraded || (force && tree.objects.length > 0),
  };
}

/**
 * All files of the part in list order, in one transaction: readers see the old set or the new.
 * Resolves to what earlier files made and no file makes any more.
 */
export async function replayObjects(
  client: pg.Client,
  tree: Tree,
  plan: ReplayPlan,
  report: (line: string) => void,
): Promise<Definition[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query('begin');
      const leftOver = await replay(client, tree, plan);
      await client.query('commit');
      return leftOver;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (!isLockTimeout(error) || attempt === LOCK_ATTEMPTS_MAX) throw error;
      report(`waiting for a lock, attempt ${attempt} of ${LOCK_ATTEMPTS_MAX}: ${error.message}`);
      await pause(LOCK_PAUSE_MS);
    }
  }
}

async function replay(client: pg.Client, tree: Tree, plan: ReplayPlan): Promise<Definition[]> {
  await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await keepReplaced(client, plan.byHand);
  const watch = await watchDefinitions(client);
  const owner = await ownerOf(client, tree);
  for (const file of tree.objects) {
    await runFile(client, file, owner);
    await watch.after(file);
  }
  const leftOver = await leftOvers(client, tree.part, watch.made);
  await recordDefinitions(client, tree.part, watch.made.values());
  await recordHashes(client, tree);
  return leftOver;
}

/**
 * The engine's objects belong to whoever owns its schema (tally_owner), whoever installs them: those
 * that run with their owner's rights must not be a superuser's. An application's files say it.
 */
async function ownerOf(client: pg.Client, tree: Tree): Promise<string | undefined> {
  if (tree.part !== 'engine') return undefined;
  const { rows } = await client.query<{ owner: string }>(
    `select pg_catalog.pg_get_userbyid(n.nspowner) as owner
     from pg_catalog.pg_namespace as n where n.nspname = 'tally'`,
  );
  return rows[0]?.owner;
}

async function runFile(
  client: pg.Client,
  file: ObjectFile,
  owner: string | undefined,
): Promise<void> {
  try {
    if (owner !== undefined) {
      await client.query(`set local role ${client.escapeIdentifier(owner)}`);
    }
    await client.query(file.text);
    await client.query('reset role');
  } catch (error) {
    if (!isSqlError(error)) throw error;
    const reason = describeSqlError(error, file.text);
    throw new UserError(`sql/${file.path} failed: ${reason}`, {
      hint: hintOf(error),
      cause: error,
    });
  }
}

function hintOf({ code, routine }: pg.DatabaseError): string {
  if (code === LOCK_NOT_AVAILABLE) {
    return 'end the session that holds it (pg_stat_activity, pg_blocking_pids), then migrate again';
  }
  // The same SQLSTATE says that a body does not return what its function does.
  const isOther = code === OTHER_FUNCTION && routine === 'ProcedureCreate';
  if (isOther || code === OTHER_COLUMNS) {
    return (
      'create or replace cannot change what a function returns, its parameters or the columns ' +
      'of a view: drop the old one in a new numbered migration, which runs first, or by hand ' +
      'where it was made by hand; then migrate again'
    );
  }
  return 'mend the file and migrate again: all objects are as they were before';
}

async function recordHashes(client: pg.Client, tree: Tree): Promise<void> {
  await client.query(`delete from ${BOOKS}.objects where pg_catalog.starts_with(path, $1)`, [
    `${tree.part}/`,
  ]);
  await client.query(
    `insert into ${BOOKS}.objects (path, hash, applied_at)
     select o.path, o.hash, pg_catalog.now()
     from pg_catalog.jsonb_to_recordset($1::jsonb) as o (path text, hash text)`,
    [JSON.stringify(tree.objects.map(({ path, hash }) => ({ path, hash })))],
  );
}

function isLockTimeout(error: unknown): error is UserError {
  return (
    error instanceof UserError && isSqlError(error.cause) && error.cause.code === LOCK_NOT_AVAILABLE
  );
}
