import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../errors.js';
import { accountOf, give, nameSeenBy, unprivilegedAccount } from './account.js';
import { type Binaries, findBinaries } from './binaries.js';
import { type Account, lastLines, run } from './command.js';
import { SETTINGS_FILE } from './files.js';

/** One PostgreSQL's data, and how to get at it. */
export type Cluster = {
  /** The data directory. */
  data: string;
  /** The same as the account can name it, from inside. */
  seen: string;
  account: Account | undefined;
  password: string;
};

const HOME = 'postgres';
const UNFINISHED = 'new-';

// The builtin provider sorts the same on every machine, whatever its C library.
const INITDB_OPTIONS = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-instructions',
];

/** The cluster in this folder, if there is one and this process may use it. */
export async function openCluster(dataDir: string): Promise<Cluster | undefined> {
  await refuseForeignFolder(dataDir);
  const home = path.join(dataDir, HOME);
  const data = path.join(home, 'data');
  if ((await stat(home).catch(absent)) === undefined) return undefined;
  const owner = await stat(data).catch(absent);
  if (owner === undefined) {
    throw new UserError(`${home} holds no PostgreSQL data any more`, {
      hint: 'Put its folder "data" back, or delete the rest and begin anew: make reset',
    });
  }
  const account = accountOf(data, owner);
  const password = await readFile(path.join(home, 'password'), 'utf8').catch((cause) => {
    throw new UserError(`cannot read the database password from ${path.join(home, 'password')}`, {
      hint: 'Put the file back and make it readable, or delete the data and begin anew: make reset',
      cause,
    });
  });
  const seen = await nameSeenBy(account, data);
  return { data, seen, account, password: password.trim() };
}

export async function createCluster(dataDir: string): Promise<Cluster> {
  const account = unprivilegedAccount();
  const binaries = await findBinaries(account);
  // Made beside its place and renamed into it: a start that is killed half way leaves nothing
  // that a later one could take for a database.
  const fresh = await mkdtemp(path.join(dataDir, UNFINISHED));
  try {
    await fill(fresh, account, binaries);
    await rename(fresh, path.join(dataDir, HOME));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  const cluster = await openCluster(dataDir);
  if (cluster === undefined) throw new Error(`${dataDir} vanished while it was being filled`);
  return cluster;
}

/** Binaries of one major version cannot read the data of another. */
export async function findMatchingBinaries(cluster: Cluster): Promise<Binaries> {
  const version = await readFile(path.join(cluster.data, 'PG_VERSION'), 'utf8').catch(absent);
  if (version === undefined) {
    throw new UserError(`${cluster.data} is no PostgreSQL data directory: it has no PG_VERSION`, {
      hint: 'Put its files back, or delete it and begin anew: make reset',
    });
  }
  const binaries = await findBinaries(cluster.account);
  if (Number(version) === binaries.major) return binaries;
  throw new UserError(
    `${cluster.data} holds data of PostgreSQL ${version.trim()}; the binaries are of ${binaries.major}`,
    {
      hint:
        `Dump it with PostgreSQL ${version.trim()} and restore it here, set TALLY_DATA_DIR to ` +
        'another folder, or delete the data and begin anew: make reset',
    },
  );
}

async function fill(fresh: string, account: Account | undefined, binaries: Binaries) {
  const data = path.join(fresh, 'data');
  const password = randomBytes(24).toString('hex');
  await chmod(fresh, 0o755);
  await mkdir(data, { mode: 0o700 });
  await give(data, account);
  await writeFile(path.join(fresh, 'password'), `${password}\n`, { mode: 0o600 });
  const seen = await nameSeenBy(account, data);
  // Best where a killed start is cleaned up after; but the account has to get there.
  const parent = seen === data ? fresh : tmpdir();
  const { code, output, failure } = await withPasswordFile(parent, password, account, (file) =>
    run(binaries.initdb, [`--pgdata=${seen}`, `--pwfile=${file}`, ...INITDB_OPTIONS], {
      account,
      cwd: data,
    }),
  );
  if (code !== 0) {
    throw new UserError(`PostgreSQL could not set up its data: ${lastLines(output) || failure}`, {
      hint: 'Mend what it names, or set TALLY_DATA_DIR to another folder',
    });
  }
  const include = `\ninclude_if_exists '${SETTINGS_FILE}'\n`;
  await appendFile(path.join(data, 'postgresql.conf'), include);
}

/** A file for the account alone, for as long as initdb runs. */
async function withPasswordFile<T>(
  parent: string,
  password: string,
  account: Account | undefined,
  work: (file: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(parent, 'pgtally-'));
  try {
    const file = path.join(folder, 'password');
    await writeFile(file, `${password}\n`, { mode: 0o600 });
    await give(file, account);
    await give(folder, account);
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function refuseForeignFolder(dataDir: string): Promise<void> {
  if ((await stat(path.join(dataDir, 'PG_VERSION')).catch(absent)) === undefined) return;
  throw new UserError(`${dataDir} is the data directory of another PostgreSQL`, {
    hint: 'Set TALLY_DATA_DIR to a folder of its own, or DATABASE_URL to that server',
  });
}

/** Clears away what starts that were killed half way have left. */
export async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(UNFINISHED)) continue;
    // The initdb of a killed start may still be writing there: then it goes the next time.
    const left = path.join(dataDir, name);
    await rm(left, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }
}

function absent(cause: NodeJS.ErrnoException): undefined {
  if (cause.code === 'ENOENT') return;
  throw new UserError(`cannot look into the data folder: ${cause.message}`, {
    hint: 'Make it readable, or set TALLY_DATA_DIR to another folder',
    cause,
  });
}
