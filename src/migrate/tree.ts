import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../errors.js';

/** The engine comes first: applications are declared through its functions. */
export const PARTS = ['engine', 'apps'] as const;
export type Part = (typeof PARTS)[number];

/** Runs once in a database, in the order of the numbers. `path` is relative to sql/. */
export type NumberedFile = {
  readonly index: number;
  readonly name: string;
  readonly path: string;
  readonly text: string;
};

/** Run again, with all others of its part, whenever one of them changes. */
export type ObjectFile = { readonly path: string; readonly text: string; readonly hash: string };

export type Tree = {
  readonly part: Part;
  readonly numberedDir: string;
  readonly numbered: readonly NumberedFile[];
  readonly objects: readonly ObjectFile[];
};

/** Beside src/ and dist/ alike. */
export const SQL_DIR = fileURLToPath(new URL('../../sql', import.meta.url));

const NUMBERED_NAME = /^(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.sql$/;
const LIST = 'objects.list';

/** Reads what there is to run, or undefined where the package brings no such part. */
export async function readTree(sqlDir: string, part: Part): Promise<Tree | undefined> {
  if (part === 'apps' && !(await isThere(join(sqlDir, part)))) return undefined;
  const numberedDir = join(sqlDir, part, 'migrations');
  return {
    part,
    numberedDir,
    numbered: await readNumbered(numberedDir, `${part}/migrations`),
    objects: await readObjects(join(sqlDir, part, 'objects'), `${part}/objects`),
  };
}

async function readNumbered(dir: string, shown: string): Promise<NumberedFile[]> {
  const files: NumberedFile[] = [];
  for (const name of await namesIn(dir, shown)) {
    const index = NUMBERED_NAME.exec(name)?.[1];
    if (index === undefined) {
      throw new UserError(`sql/${shown}/${name} is not named like a migration`, {
        hint: 'the folder is flat, and each file in it is NNNN-verb-object.sql in lower case',
      });
    }
    const path = `${shown}/${name}`;
    files.push({ index: Number(index), name, path, text: await readFile(join(dir, name), 'utf8') });
  }
  for (const [at, file] of files.entries()) {
    const next = files[at + 1];
    if (next?.index === file.index) {
      throw new UserError(`sql/${file.path} and ${next.name} have the same number`, {
        hint: 'give the one that was not applied anywhere yet the next free number',
      });
    }
  }
  return files;
}

async function namesIn(dir: string, shown: string): Promise<string[]> {
  if (!(await isThere(dir))) {
    throw new UserError(`the folder sql/${shown} is missing`, {
      hint: 'install pgtally again: the folder comes with the package',
    });
  }
  const names = await readdir(dir);
  return names.filter((name) => name !== 'README.md' && !name.startsWith('.')).sort();
}

async function readObjects(dir: string, shown: string): Promise<ObjectFile[]> {
  const onDisk = new Set(await sqlFilesBelow(dir));
  const listFile = join(dir, LIST);
  if (onDisk.size === 0 && !(await isThere(listFile))) return [];
  const listed = await readList(listFile, shown);
  const seen = new Set<string>();
  for (const path of listed) {
    if (seen.has(path)) throw listError(shown, `lists ${path} twice`, 'keep one of the two lines');
    seen.add(path);
    if (!onDisk.has(path)) {
      throw listError(
        shown,
        `lists ${path}, which is not there`,
        'add the file or take out the line',
      );
    }
  }
  const unlisted = [...onDisk].find((path) => !seen.has(path));
  if (unlisted !== undefined) {
    const hint = 'add a line for it, below what it needs, or delete the file';
    throw listError(shown, `does not list ${unlisted}`, hint);
  }
  return await Promise.all(listed.map((path) => readObject(join(dir, path), `${shown}/${path}`)));
}

async function readList(file: string, shown: string): Promise<string[]> {
  if (!(await isThere(file))) {
    throw new UserError(`sql/${shown}/${LIST} is missing`, {
      hint: 'it names each file of the folder, one a line, in the order in which they run',
    });
  }
  const lines = (await readFile(file, 'utf8')).split('\n');
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
}

/** Line endings are a matter of the checkout: they change neither what runs nor its hash. */
async function readObject(file: string, path: string): Promise<ObjectFile> {
  const text = (await readFile(file, 'utf8')).replaceAll('\r\n', '\n');
  return { path, text, hash: createHash('sha256').update(text).digest('hex') };
}

async function sqlFilesBelow(dir: string): Promise<string[]> {
  if (!(await isThere(dir))) return [];
  const names = await readdir(dir, { recursive: true });
  const paths = names.map((name) => name.replaceAll('\\', '/'));
  return paths.filter((path) => path.endsWith('.sql')).sort();
}

function listError(shown: string, what: string, hint: string): UserError {
  return new UserError(`sql/${shown}/${LIST} ${what}`, { hint });
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
