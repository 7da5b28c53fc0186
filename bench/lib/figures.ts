/** What a question's answer consists of: a table, and what was wanted of it. */
export type Figures = {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly goals?: readonly Goal[];
  readonly notes?: readonly string[];
  /** What docs/applications.md shows of it. */
  readonly inDocs?: Figures;
};

export type Goal = {
  readonly what: string;
  readonly wanted: string;
  readonly got: string;
  readonly met: boolean;
};

export function atLeast(what: string, wanted: number, got: number): Goal {
  return { what, wanted: `≥ ${wanted}`, got: share(got), met: got >= wanted };
}

export function atMost(what: string, wanted: number, got: number): Goal {
  return { what, wanted: `≤ ${wanted}`, got: share(got), met: got <= wanted };
}

/** 0.734, 2.96, 18.1 */
export function share(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** 24 200 */
export function whole(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function milliseconds(value: number): string {
  return `${value >= 100 ? whole(value) : value.toFixed(value >= 10 ? 1 : 3)} ms`;
}

export function toMarkdown(figures: Figures): string {
  const lines = [
    row(figures.header),
    row(figures.header.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...figures.rows.map(row),
  ];
  const goals = figures.goals ?? [];
  if (goals.length > 0) {
    lines.push('', '| wanted | | measured | |', '|---|--:|--:|---|');
    for (const { what, wanted, got, met } of goals) {
      lines.push(row([what, wanted, got, met ? 'met' : '**missed**']));
    }
  }
  if (figures.notes !== undefined) lines.push('', ...figures.notes);
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
