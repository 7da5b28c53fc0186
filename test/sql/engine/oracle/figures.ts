/** What a run did, and what was wrong with it. */
export type Figures = {
  statements: number;
  committed: number;
  rolledBack: number;
  prepared: number;
  serializationFailures: number;
  deadlocks: number;
  /** Errors that random statements run into, by SQLSTATE. */
  refused: Map<string, number>;
  /** Comparisons in a snapshot of their own while writers went on. */
  checkpoints: number;
  /** Comparisons inside a writer's transaction. */
  looks: number;
  pulses: number;
  verifications: number;
  announcements: number;
  differences: number;
  /** Whatever should not have happened, in words; a run with none is a good run. */
  faults: string[];
};

export function newFigures(): Figures {
  return {
    statements: 0,
    committed: 0,
    rolledBack: 0,
    prepared: 0,
    serializationFailures: 0,
    deadlocks: 0,
    refused: new Map(),
    checkpoints: 0,
    looks: 0,
    pulses: 0,
    verifications: 0,
    announcements: 0,
    differences: 0,
    faults: [],
  };
}

export type Difference = {
  readonly name: string;
  readonly scope: string;
  readonly counted: string | null;
  readonly actual: string | null;
};

export function reportDifferences(figures: Figures, where: string, found: Difference[]): void {
  figures.differences += found.length;
  for (const { name, scope, counted, actual } of found) {
    const topic = `${name}:${JSON.stringify(scope.slice(0, 40))}`;
    figures.faults.push(
      `${where}: ${topic} counted ${counted ?? 'no row'}, actual ${actual ?? 'none'}`,
    );
  }
}

export function describe(figures: Figures): string {
  const { refused, faults, ...numbers } = figures;
  const codes = [...refused].sort().map(([code, times]) => `${code} ${times}`);
  return [
    ...Object.entries(numbers).map(([name, value]) => `${name} ${value}`),
    `refused ${codes.length === 0 ? 'none' : codes.join(' ')}`,
    `faults ${faults.length}`,
  ].join(', ');
}
