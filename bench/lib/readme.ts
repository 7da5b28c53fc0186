import { readFile, writeFile } from 'node:fs/promises';

const README = new URL('../README.md', import.meta.url);

/** Puts one question's figures between its markers; what people wrote around them stays. */
export async function writeFigures(name: string, figures: string): Promise<void> {
  const begin = `<!-- figures: ${name} -->`;
  const end = `<!-- end of figures: ${name} -->`;
  const text = await readFile(README, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`bench/README.md has no place for ${name}: ${begin} … ${end}`);
  }
  const changed = `${text.slice(0, from + begin.length)}\n\n${figures}\n\n${text.slice(to)}`;
  await writeFile(README, changed);
}
