const CONTEXT_LINES = 2;
/** Beyond this many different lines a reader wants to see the files, not their differences. */
const LINES_MAX = 200;

/** The differing lines, - for what is there and + for what there should be; empty when alike. */
export function diff(there: string, wanted: string): string[] {
  if (there === wanted) return [];
  const edits = editsOf(there.split('\n'), wanted.split('\n'));
  const near = edits.map((_, at) =>
    edits.slice(Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1).some(isChange),
  );
  const shown = edits.flatMap((edit, at) => {
    if (near[at] !== true) return [];
    return at > 0 && near[at - 1] !== true ? [`@@ line ${edit.line}`, edit.text] : [edit.text];
  });
  if (shown.length <= LINES_MAX) return shown;
  return [...shown.slice(0, LINES_MAX), `… and ${shown.length - LINES_MAX} lines more`];
}

type Edit = { readonly text: string; readonly line: number };

function isChange({ text }: Edit): boolean {
  return !text.startsWith(' ');
}

/** By the longest common subsequence of what is left between a common head and tail. */
function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const old = before.slice(head, before.length - tail);
  const now = after.slice(head, after.length - tail);
  const common = lengths(old, now);
  const edits: Edit[] = before
    .slice(0, head)
    .map((text, at) => ({ text: ` ${text}`, line: at + 1 }));
  let [left, right] = [0, 0];
  while (left < old.length || right < now.length) {
    const line = head + left + 1;
    if (left < old.length && right < now.length && old[left] === now[right]) {
      edits.push({ text: ` ${old[left]}`, line });
      left += 1;
      right += 1;
    } else if (right >= now.length || (left < old.length && isLonger(common, left, right))) {
      edits.push({ text: `-${old[left]}`, line });
      left += 1;
    } else {
      edits.push({ text: `+${now[right]}`, line });
      right += 1;
    }
  }
  const rest = before.slice(before.length - tail);
  return [
    ...edits,
    ...rest.map((text, at) => ({ text: ` ${text}`, line: before.length - tail + at + 1 })),
  ];
}

function isLonger(common: readonly Uint32Array[], left: number, right: number): boolean {
  return (common[left + 1]?.[right] ?? 0) >= (common[left]?.[right + 1] ?? 0);
}

/** At [i][j] the length of the longest common subsequence from there on. */
function lengths(old: readonly string[], now: readonly string[]): Uint32Array[] {
  const table = Array.from({ length: old.length + 1 }, () => new Uint32Array(now.length + 1));
  for (let left = old.length - 1; left >= 0; left -= 1) {
    const [row, below] = [table[left], table[left + 1]];
    if (row === undefined || below === undefined) continue;
    for (let right = now.length - 1; right >= 0; right -= 1) {
      row[right] =
        old[left] === now[right]
          ? (below[right + 1] ?? 0) + 1
          : Math.max(below[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return table;
}
