import { UserError } from '../errors.js';
import type { RecordedFile } from './books.js';
import type { NumberedFile, Tree } from './tree.js';

const BEFORE_RELEASE =
  'if no release had it yet and the database is the embedded one, `make reset` starts anew';

/** The files still to apply. What was applied is never to change: each way it can is an error. */
export function pendingFiles(tree: Tree, recorded: readonly RecordedFile[]): NumberedFile[] {
  const files = new Map(tree.numbered.map((file) => [file.index, file]));
  const highest = Math.max(0, ...files.keys());
  for (const applied of recorded) {
    const file = files.get(applied.index);
    if (file === undefined) throw missingFile(tree, applied, highest);
    if (file.name !== applied.name) throw renamedFile(file, applied);
    if (file.text !== applied.script) throw editedFile(tree, file, applied);
  }
  const done = new Set(recorded.map(({ index }) => index));
  const pending = tree.numbered.filter(({ index }) => !done.has(index));
  const last = recorded.at(-1);
  const late = pending.find(({ index }) => last !== undefined && index < last.index);
  if (late !== undefined && last !== undefined) throw lateFile(tree, late, last);
  return pending;
}

function missingFile(tree: Tree, applied: RecordedFile, highest: number): UserError {
  const path = `sql/${tree.part}/migrations/${applied.name}`;
  if (applied.index > highest) {
    return new UserError(`this database was migrated by a newer pgtally: it has ${path}`, {
      hint: `use that newer version; ${BEFORE_RELEASE}`,
    });
  }
  return new UserError(`${path} is missing: it was applied ${when(applied)}`, {
    hint: `put the file back as it was (version control has it); ${BEFORE_RELEASE}`,
  });
}

function renamedFile(file: NumberedFile, applied: RecordedFile): UserError {
  return new UserError(`sql/${file.path} was applied as ${applied.name} ${when(applied)}`, {
    hint: `name it ${applied.name} again; a new migration gets a number of its own`,
  });
}

function editedFile(tree: Tree, file: NumberedFile, applied: RecordedFile): UserError {
  if (withLf(file.text) === withLf(applied.script)) {
    const [here, there] = file.text.includes('\r\n') ? ['CRLF', 'LF'] : ['LF', 'CRLF'];
    return new UserError(
      `sql/${file.path} differs from what was applied in its line endings only: ` +
        `the file has ${here}, the database ${there}`,
      { hint: `check it out with ${there}: git config core.autocrlf false, then git checkout sql` },
    );
  }
  const line = firstDifference(file.text, applied.script);
  return new UserError(
    `sql/${file.path} was edited after it was applied ${when(applied)}: line ${line} differs`,
    {
      hint:
        `put its text back and write the change into a new file, ` +
        `${nextNumber(tree)}-….sql; ${BEFORE_RELEASE}`,
    },
  );
}

function lateFile(tree: Tree, late: NumberedFile, last: RecordedFile): UserError {
  return new UserError(
    `sql/${late.path} was never applied, but ${last.name} after it was, ${when(last)}`,
    { hint: `give it the next free number, ${nextNumber(tree)}; ${BEFORE_RELEASE}` },
  );
}

function nextNumber(tree: Tree): string {
  const highest = Math.max(0, ...tree.numbered.map(({ index }) => index));
  return String(highest + 1).padStart(4, '0');
}

function firstDifference(here: string, there: string): number {
  const lines = withLf(there).split('\n');
  const at = withLf(here)
    .split('\n')
    .findIndex((line, index) => line !== lines[index]);
  return at === -1 ? lines.length : at + 1;
}

function when(applied: RecordedFile): string {
  return `on ${applied.applied_at.toISOString()}`;
}

function withLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
