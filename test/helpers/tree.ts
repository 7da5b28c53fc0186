import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';

export type SqlTree = {
  readonly dir: string;
  write(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
};

/** What the engine needs in its smallest form: a schema, a function and a view on it. */
export const SMALL_ENGINE: Readonly<Record<string, string>> = {
  'engine/migrations/0001-create-schema.sql':
    'create schema tally;\ncreate table tally.things (id int primary key);\n',
  'engine/objects/objects.list': '# in this order\ncounters/one.sql\ncounters/seen.sql\n',
  'engine/objects/counters/one.sql':
    'create or replace function tally.one() returns int language sql as $$ select 1 $$;\n',
  'engine/objects/counters/seen.sql':
    'create or replace view tally.seen as select t.id, tally.one() as one from tally.things t;\n',
};

/** A sql folder of the test's own, deleted when it ends. */
export async function sqlTree(
  t: ExecutionContext<unknown>,
  files: Readonly<Record<string, string>> = SMALL_ENGINE,
): Promise<SqlTree> {
  const dir = await mkdtemp(join(tmpdir(), 'pgtally-sql-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, 'engine', 'migrations'), { recursive: true });
  const write = async (path: string, text: string) => {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  return { dir, write, remove: (path) => unlink(join(dir, path)) };
}
