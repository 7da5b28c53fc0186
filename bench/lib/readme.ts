import { readFile, writeFile } from 'node:fs/promises';

const ROOT = new URL('../../', import.meta.url);
const README = 'bench/README.md';

/** Puts one question's figures between its markers; what people wrote around them stays. */
export async function writeFigures(name: string, figures: string, path = README): Promise<void> {
  const file = new URL(path, ROOT);
  const begin = `<!-- figures: ${name} -->`;
  const end = `<!-- end of figures: ${name} -->`;
  const text = await readFile(file, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`${path} has no place for ${name}: ${begin} … ${end}`);
  }
  const changed = `${text.slice(0, from + begin.length)}\n\n${figures}\n\n${text.slice(to)}`;
  await writeFile(file, changed);
}
