import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { unprivilegedAccount } from '../../../src/embedded/account.js';
import {
  findBinaries,
  installedPrograms,
  type Programs,
  platformName,
  restoreSymlinks,
  runnable,
} from '../../../src/embedded/binaries.js';
import { run } from '../../../src/embedded/command.js';
import { UserError } from '../../../src/errors.js';
import { skip } from '../../helpers/skip.js';

const isRoot = process.getuid?.() === 0;

async function folder(t: ExecutionContext, mode: number): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'pgtally-binaries-'));
  await chmod(made, mode);
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

/** The package as npm unpacks it when no install script runs: no symlinks. */
async function packageWithin(home: string): Promise<{ native: string; programs: Programs }> {
  const { initdb, pgCtl, postgres } = await installedPrograms(platformName());
  const original = path.resolve(path.dirname(postgres), '..', '..');
  await cp(original, path.join(home, 'package'), {
    recursive: true,
    filter: async (source) => !(await lstat(source)).isSymbolicLink(),
  });
  const native = path.join(home, 'package', 'native');
  const moved = (program: string) => path.join(native, 'bin', path.basename(program));
  const programs = { initdb: moved(initdb), pgCtl: moved(pgCtl), postgres: moved(postgres) };
  return { native, programs };
}

test('binaries unpacked without install scripts run: their symlinks are made', async (t) => {
  const home = await folder(t, 0o755);
  const { native, programs } = await packageWithin(home);
  const bare = { account: undefined, cwd: '/' };
  t.not((await run(programs.postgres, ['--version'], bare)).code, 0, 'they did not run before');
  const found = await runnable(programs, unprivilegedAccount(), []);
  t.is(found.postgres, programs.postgres);
  t.is(found.major, 18);
  await t.notThrowsAsync(restoreSymlinks(native), 'making them again changes nothing');
});

test('a symlink is relative, so that a folder with it can be moved', async (t) => {
  const home = await folder(t, 0o755);
  const native = path.join(home, 'native');
  await mkdir(path.join(native, 'lib'), { recursive: true });
  const links = [{ source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so' }];
  await writeFile(path.join(native, 'pg-symlinks.json'), JSON.stringify(links));
  await restoreSymlinks(native);
  t.is(await readlink(path.join(native, 'lib', 'libx.so')), 'libx.so.1.2');
});

test('binaries in a home that the account cannot enter are copied, once', async (t) => {
  if (!isRoot) return skip(t, 'root');
  const home = await folder(t, 0o700);
  const copies = await folder(t, 0o755);
  const { programs } = await packageWithin(home);
  const account = unprivilegedAccount();

  const first = await runnable(programs, account, [copies]);
  t.true(first.postgres.startsWith(copies));
  t.is((await run(first.initdb, ['--version'], { account, cwd: '/' })).code, 0);
  const made = await stat(first.postgres);

  const second = await runnable(programs, account, [copies]);
  t.is(second.postgres, first.postgres);
  t.is((await stat(second.postgres)).ino, made.ino, 'it is the same copy');
  t.is((await readdir(copies)).length, 1);
});

test('a copy that has lost a piece, or that others may write to, is made anew', async (t) => {
  if (!isRoot) return skip(t, 'root');
  const home = await folder(t, 0o700);
  const copies = await folder(t, 0o755);
  const { programs } = await packageWithin(home);
  const account = unprivilegedAccount();
  const { postgres } = await runnable(programs, account, [copies]);
  const copy = path.resolve(postgres, '..', '..', '..');
  const { size, ino } = await stat(postgres);

  await truncate(postgres, 10);
  await runnable(programs, account, [copies]);
  t.is((await stat(postgres)).size, size);
  const again = (await stat(postgres)).ino;
  t.not(again, ino);

  await chmod(copy, 0o777);
  await runnable(programs, account, [copies]);
  t.is((await stat(copy)).mode & 0o777, 0o755);
  t.not((await stat(postgres)).ino, again);
});

test('where no copy can be made either, the message says what is wrong and what to use', async (t) => {
  if (!isRoot) return skip(t, 'root');
  const home = await folder(t, 0o700);
  const { programs } = await packageWithin(home);
  const error = await t.throwsAsync(
    runnable(programs, unprivilegedAccount(), [path.join(home, 'missing')]),
  );
  t.true(error instanceof UserError);
  t.regex(
    error.message,
    /^the PostgreSQL binaries do not run here: EACCES; nor can they be copied to .*missing: ENOENT/,
  );
  t.regex(error instanceof UserError ? (error.hint ?? '') : '', /DATABASE_URL/);
});

test('binaries whose loader is missing are explained by the C library', async (t) => {
  if (process.platform !== 'linux') return skip(t, 'Linux');
  const home = await folder(t, 0o755);
  await mkdir(path.join(home, 'native', 'bin'), { recursive: true });
  const postgres = path.join(home, 'native', 'bin', 'postgres');
  await writeFile(postgres, '#!/lib/ld-of-another-libc.so\n', { mode: 0o755 });
  const programs = { initdb: postgres, pgCtl: postgres, postgres };
  const error = await t.throwsAsync(runnable(programs, unprivilegedAccount(), []));
  t.regex(error.message, /they need glibc, and this Linux has another C library/);
});

test('a platform without binaries is named, and DATABASE_URL with it', async (t) => {
  const error = await t.throwsAsync(findBinaries(unprivilegedAccount(), 'plan9-mips'));
  t.is(error.message, 'no PostgreSQL binaries for plan9-mips are installed');
  t.regex(error instanceof UserError ? (error.hint ?? '') : '', /^Set DATABASE_URL to /);
});
