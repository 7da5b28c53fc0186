import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { accountOf, unprivilegedAccount } from '../../../src/embedded/account.js';
import { UserError } from '../../../src/errors.js';
import { skip } from '../../helpers/skip.js';

const uid = process.getuid?.() ?? -1;

async function passwd(t: ExecutionContext, lines: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-passwd-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'passwd');
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

const ROOT_LINE = 'root:x:0:0:root:/root:/bin/bash';
const NOBODY_LINE = 'nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin';

test('root lends PostgreSQL the account postgres', async (t) => {
  if (uid !== 0) return skip(t, 'root');
  const file = await passwd(t, [ROOT_LINE, NOBODY_LINE, 'postgres:x:70:71::/var/lib:/bin/sh']);
  t.deepEqual(unprivilegedAccount(file), { uid: 70, gid: 71 });
});

test('root lends it nobody where there is no postgres', async (t) => {
  if (uid !== 0) return skip(t, 'root');
  const file = await passwd(t, [ROOT_LINE, NOBODY_LINE]);
  t.deepEqual(unprivilegedAccount(file), { uid: 65534, gid: 65533 });
});

test('an account called postgres that is root by number is not lent', async (t) => {
  if (uid !== 0) return skip(t, 'root');
  const file = await passwd(t, [ROOT_LINE, 'postgres:x:0:0::/:/bin/sh', NOBODY_LINE]);
  t.is(unprivilegedAccount(file)?.uid, 65534);
});

test('root without any other account is told what to do', async (t) => {
  if (uid !== 0) return skip(t, 'root');
  const file = await passwd(t, [ROOT_LINE]);
  const error = t.throws(() => unprivilegedAccount(file), { instanceOf: UserError });
  t.regex(error.hint ?? '', /useradd --system postgres/);
});

test('a plain user runs PostgreSQL as himself', async (t) => {
  if (uid === 0) return skip(t, 'a plain user');
  t.is(unprivilegedAccount(await passwd(t, [ROOT_LINE])), undefined);
});

test('data that belongs to root is refused with the command that mends it', (t) => {
  if (uid !== 0) return skip(t, 'root');
  const error = t.throws(() => accountOf('/srv/data', { uid: 0, gid: 0 }), {
    instanceOf: UserError,
    message: '/srv/data belongs to root, and PostgreSQL does not run as root',
  });
  t.regex(error.hint ?? '', /chown -R postgres \/srv\/data/);
});
