import pg from 'pg';

export type Column = { readonly name: string; readonly type: number };
export type Cell = string | null;
export type Rows = {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
};

/** Not an empty cell: an empty string is something else. */
const NULL = '(null)';

const { INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC, OID } = pg.types.builtins;
const NUMBERS: ReadonlySet<number> = new Set([INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC, OID]);

/** Values as the server writes them: a bigint beyond 2^53 or a microsecond must not change. */
const AS_TEXT = { getTypeParser: () => (value: unknown) => value };

/** Runs a text of one or more statements and returns what each of them answered. */
export async function queryText(
  client: pg.Client,
  text: string,
  values?: readonly (string | boolean | null)[],
): Promise<pg.QueryArrayResult<Cell[]>[]> {
  const answer: unknown = await client.query<Cell[]>({
    text,
    rowMode: 'array',
    types: AS_TEXT,
    ...(values === undefined ? {} : { values: [...values] }),
  });
  return (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult<Cell[]>[];
}

export function rowsOf(result: pg.QueryArrayResult<Cell[]>): Rows {
  const columns = result.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
  return { columns, rows: result.rows };
}

/** Columns side by side, as psql shows them. */
export function renderTable({ columns, rows }: Rows): string[] {
  const heads = columns.map(({ name }) => printable(name));
  const cells = rows.map((row) => row.map((cell) => printable(cell ?? NULL).split('\n')));
  const widths = heads.map((head, at) =>
    Math.max(widthOf(head), ...cells.flatMap((row) => (row[at] ?? ['']).map(widthOf))),
  );
  const lines = [
    heads.map((head, at) => center(head, widths[at] ?? 0)).join(' | '),
    widths.map((width) => '-'.repeat(width)).join('-+-'),
  ];
  for (const row of cells) lines.push(...renderRow(row, columns, widths));
  lines.push(countOf(rows.length));
  return lines.map((line) => line.trimEnd());
}

function renderRow(
  row: readonly (readonly string[])[],
  columns: readonly Column[],
  widths: readonly number[],
): string[] {
  const height = Math.max(1, ...row.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ type }, at) => {
        const text = row[at]?.[line] ?? '';
        const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(text)));
        return NUMBERS.has(type) ? space + text : text + space;
      })
      .join(' | '),
  );
}

/** One line for each column: for single rows that are too wide to read otherwise. */
export function renderExpanded({ columns, rows }: Rows): string[] {
  const width = Math.max(0, ...columns.map(({ name }) => widthOf(printable(name))));
  const lines = rows.flatMap((row, number) => [
    ...(rows.length > 1 ? [`- row ${number + 1} -`] : []),
    ...columns.flatMap(({ name }, at) => {
      const head = printable(name);
      const [first = '', ...more] = printable(row[at] ?? NULL).split('\n');
      const indent = ' '.repeat(width);
      return [
        `${head}${' '.repeat(width - widthOf(head))} | ${first}`,
        ...more.map((line) => `${indent} | ${line}`),
      ];
    }),
  ]);
  return rows.length === 1 ? lines : [...lines, countOf(rows.length)];
}

function countOf(rows: number): string {
  return rows === 1 ? '(1 row)' : `(${rows} rows)`;
}

/** What is stored in a table must not steer the terminal of whoever looks at it. */
function printable(text: string): string {
  return text
    .replaceAll('\t', '    ')
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (char) =>
      char === '\n' ? char : `\\x${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
    );
}

const NO_WIDTH = /[\p{Mn}\p{Me}\p{Cf}]/gu;
const DOUBLE_WIDTH =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/gu;

function widthOf(text: string): number {
  const seen = text.replace(NO_WIDTH, '');
  return Array.from(seen).length + (seen.match(DOUBLE_WIDTH)?.length ?? 0);
}

function center(text: string, width: number): string {
  const space = Math.max(0, width - widthOf(text));
  const left = Math.floor(space / 2);
  return ' '.repeat(left) + text + ' '.repeat(space - left);
}
