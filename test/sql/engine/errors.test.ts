import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const codes = (text: string, pattern: RegExp): string[] =>
  [...new Set(text.match(pattern) ?? [])].map((found) => found.replace(/[^TL0-9]/g, '')).sort();

const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(`${ROOT}${folder}/${name}`, 'utf8'));

const raised = codes([...filesBelow('sql/engine', '.sql')].join('\n'), /errcode = 'TL\d{3}'/g);
const documented = readFileSync(`${ROOT}docs/errors.md`, 'utf8');

test('each error that the engine raises is explained in docs/errors.md, and no other', (t) => {
  t.true(raised.length >= 16);
  t.deepEqual(codes(documented, /^### TL\d{3}$/gm), raised);
  t.deepEqual(codes(documented, /^\| \[TL\d{3}\]/gm), raised);
});

test('each error that the engine raises is met by a test', (t) => {
  const met = codes(filesBelow('test', '.test.ts').join('\n'), /'TL\d{3}\b/g);
  t.deepEqual(
    raised.filter((code) => !met.includes(code)),
    [],
  );
});
