import { existsSync, readFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { type Account, run } from './command.js';

/** In order: PostgreSQL's own, on macOS too, and the one that every system has. */
const UNPRIVILEGED = ['postgres', '_postgres', 'nobody'];

/** PostgreSQL refuses to run as root, so root lends it an account that is there already. */
export function unprivilegedAccount(passwd = '/etc/passwd'): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = existsSync(passwd) ? readFileSync(passwd, 'utf8').split('\n') : [];
  for (const name of UNPRIVILEGED) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new UserError('PostgreSQL does not run as root, and there is no other account to lend it', {
    hint: 'Run this as a plain user, or add one: useradd --system postgres',
  });
}

/** Existing data is served by whom it belongs to: root steps down to that account. */
export function accountOf(data: string, owner: Account): Account | undefined {
  const uid = process.getuid?.();
  if (uid === undefined || uid === owner.uid) {
    if (uid !== 0) return undefined;
    throw new UserError(`${data} belongs to root, and PostgreSQL does not run as root`, {
      hint: `Give it to the account that shall run PostgreSQL: chown -R postgres ${data}`,
    });
  }
  if (uid === 0) return { uid: owner.uid, gid: owner.gid };
  throw new UserError(`${data} belongs to another user (uid ${owner.uid}; this is uid ${uid})`, {
    hint: 'Run this as that user or as root, or set TALLY_DATA_DIR to another folder',
  });
}

/**
 * The folder may stand below a home that the account cannot enter. It is entered for the account,
 * as its working directory, and Linux has a name for that which needs no way to it.
 */
export async function nameSeenBy(account: Account | undefined, data: string): Promise<string> {
  if (account === undefined) return data;
  const enter = ['-c', 'cd "$1" && ls', 'sh', data];
  if ((await run('/bin/sh', enter, { account, cwd: '/' })).code === 0) return data;
  const inside = '/proc/self/cwd';
  const list = ['-c', 'cd "$1" && ls', 'sh', inside];
  if ((await run('/bin/sh', list, { account, cwd: data })).code === 0) return inside;
  throw new UserError(
    `the account that runs PostgreSQL (uid ${account.uid}) cannot enter ${data}`,
    {
      hint: 'Set TALLY_DATA_DIR to a folder below one that every user may enter, or run as a plain user',
    },
  );
}

/** Hands over a file or folder that root has made. */
export async function give(file: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await chown(file, account.uid, account.gid);
}
