import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { VERBS } from '../src/cli/verbs.js';
import { testDatabase } from './helpers/database.js';

async function pages(): Promise<string[]> {
  const docs = await readdir('docs', { recursive: true });
  const below = docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return ['README.md', 'CONTRIBUTING.md', 'sql/README.md', 'bench/README.md', ...below];
}

const read = (page: string) => readFile(page, 'utf8');

/** What stands in quotes, dollars or comments ends no statement. */
const PIECES = /\$\$.*?\$\$|'[^']*'|--[^\n]*|;|[^$';-]+|./gs;

function statementsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```sql\n(.*?)^```/gms)].map(([, block = '']) => block);
  const statements = [''];
  for (const [piece] of blocks.join(';').matchAll(PIECES)) {
    if (piece === ';') statements.push('');
    else if (!piece.startsWith('--')) statements.push(`${statements.pop()}${piece}`);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** Those of one line work in one database, one after the other. */
const READING: readonly (readonly string[])[] = [
  ['README.md'],
  ['docs/summaries.md'],
  ['docs/expiry-and-retention.md', 'docs/operations.md', 'sql/README.md'],
];
for (const some of READING) {
  test(`each line of SQL in ${some.join(' and ')} runs as it stands`, async (t) => {
    const database = await testDatabase(t);
    const session = await database.client();
    for (const page of some) {
      const statements = statementsOf(await read(page));
      t.true(statements.length >= 4, page);
      for (const statement of statements) {
        await t.notThrowsAsync(session.query(statement), `${page}: ${statement}`);
      }
    }
  });
}

test('each link of the docs leads to a file, and to a headline in it', async (t) => {
  for (const page of await pages()) {
    for (const [, link = ''] of (await read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      if (anchor === undefined) {
        await t.notThrowsAsync(readFileOrFolder(target), `${page}: ${link}`);
      } else {
        t.true(anchorsOf(await read(target)).has(anchor), `${page}: ${link}`);
      }
    }
  }
});

async function readFileOrFolder(path: string): Promise<unknown> {
  return await readFile(path).catch(() => readdir(path));
}

function anchorsOf(text: string): Set<string> {
  const headlines = [...text.matchAll(/^#+ (.*)$/gm)].map(([, headline = '']) => headline);
  return new Set(
    headlines.map((headline) =>
      headline
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
}

test('each verb and make target that the docs name is there', async (t) => {
  const verbs = new Set(VERBS.map(({ name }) => name));
  const makefile = await read('Makefile');
  const targets = new Set([...makefile.matchAll(/^([a-z]+):/gm)].map(([, target]) => target));
  const commands = /(?:`|^|; |&& )(?:DATABASE_URL=\S+ )?(?:npx )?(pgtally|make) ([a-z]+)/gm;
  for (const page of await pages()) {
    for (const [said, program, word = ''] of (await read(page)).matchAll(commands)) {
      t.true((program === 'make' ? targets : verbs).has(word), `${page}: ${said}`);
    }
  }
});
