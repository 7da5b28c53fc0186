import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RunFigures } from './run.js';

/** Many seeded runs of faults against the whole server, in several lanes, and what they add up to. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LANE = fileURLToPath(new URL('lane.ts', import.meta.url));
const PROGRESS_EVERY = 50;

type Line = RunFigures | { readonly seed: number; readonly failed: string };

export type LiveFaultsOptions = {
  readonly runs: number;
  readonly firstSeed: number;
  readonly lanes: number;
  readonly print: (line: string) => void;
};

/** How many runs were not sound. */
export async function soakLiveFaults(options: LiveFaultsOptions): Promise<number> {
  const { runs, firstSeed, lanes, print } = options;
  const totals = new Totals();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      runLane([firstSeed + lane, firstSeed + runs, lanes, lane], (line) => {
        for (const text of totals.add(line)) print(text);
        if (totals.runs % PROGRESS_EVERY === 0) print(`  ${totals.runs} of ${runs} runs`);
      }),
    ),
  );
  print(`  ${totals.describe()}`);
  print(`  ${Math.round((performance.now() - started) / 1000)} s`);
  return totals.unsound + Math.max(0, runs - totals.runs);
}

async function runLane(seeds: readonly number[], hear: (line: Line) => void): Promise<void> {
  const child = fork(LANE, seeds.map(String), {
    cwd: ROOT,
    execArgv: ['--import=tsx'],
    // koa-sse-stream says on stdout how many it pings.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.on('message', (line) => hear(line as Line));
  await once(child, 'close');
}

class Totals {
  runs = 0;
  unsound = 0;
  #misfortunes = 0;
  #moves = 0;
  #syncs = 0;
  #stale = 0;
  #backwards = 0;
  #halves = 0;
  #other = 0;
  #settledMs: number[] = [];

  /** What is to be said of a run: nothing, when it was sound. */
  add(line: Line): string[] {
    this.runs += 1;
    if ('failed' in line) {
      this.unsound += 1;
      return [`  seed ${line.seed} could not be run: ${line.failed}`];
    }
    const { seed, misfortunes, stale, backwards, halves, other } = line;
    this.#misfortunes += misfortunes.length;
    this.#moves += line.moves;
    this.#syncs += line.syncs;
    this.#stale += stale.length;
    this.#backwards += backwards.length;
    this.#halves += halves.length;
    this.#other += other.length;
    this.#settledMs.push(line.settledMs);
    const wrong = [...stale, ...backwards, ...halves, ...other];
    if (wrong.length === 0) return [];
    this.unsound += 1;
    return [
      `  seed ${seed}: ${misfortunes.join(', ')}`,
      ...wrong.slice(0, 3).map((what) => `    ${what.replaceAll('\n', '\n    ')}`),
    ];
  }

  describe(): string {
    const settled = this.#settledMs.sort((a, b) => a - b);
    const at = (share: number) => Math.round(settled[Math.floor(share * settled.length)] ?? 0);
    return [
      `${this.runs} runs, ${this.#misfortunes} faults, ${this.#moves} transactions`,
      `${this.#syncs} syncs`,
      `stale last values ${this.#stale}`,
      `versions going back ${this.#backwards}`,
      `half transactions ${this.#halves}`,
      `other ${this.#other}`,
      `right again after p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${Math.round(settled.at(-1) ?? 0)} ms`,
    ].join(', ');
  }
}
