import { cpus, loadavg } from 'node:os';
import { UserError } from '../src/errors.js';
import { bulkLoad } from './bulk-load/question.js';
import { cleanUp } from './clean-up/question.js';
import { expiry } from './expiry/question.js';
import { foldRate } from './fold-rate/question.js';
import { hotCounter } from './hot-counter/question.js';
import { toMarkdown } from './lib/figures.js';
import { type Options, readOptions, USAGE } from './lib/options.js';
import { findPgbench } from './lib/pgbench.js';
import type { Bench, Question } from './lib/question.js';
import { writeFigures } from './lib/readme.js';
import { startServer } from './lib/server.js';
import { oldSnapshot } from './old-snapshot/question.js';
import { readOne } from './read-one/question.js';
import { slowTransaction } from './slow-transaction/question.js';
import { summaries } from './summaries/question.js';
import { top } from './top/question.js';
import { twoCounters } from './two-counters/question.js';

const QUESTIONS: readonly Question[] = [
  hotCounter,
  slowTransaction,
  twoCounters,
  bulkLoad,
  oldSnapshot,
  foldRate,
  readOne,
  summaries,
  expiry,
  cleanUp,
  top,
];

process.exitCode = await main(process.argv.slice(2)).catch(printError);

async function main(args: string[]): Promise<number> {
  const names = QUESTIONS.map(({ name }) => name);
  const options = readOptions(args, names);
  if (options === 'help') console.log(USAGE);
  else if (options === 'list') for (const { name, asks } of QUESTIONS) console.log(name, '–', asks);
  else await measure(options);
  return 0;
}

async function measure(options: Options): Promise<void> {
  const pgbench = await findPgbench();
  const server = await startServer(options.server);
  const stopped = interruption(server.stop);
  try {
    const machine = describeRun(server.what, options);
    console.log(machine);
    const bench: Bench = {
      server,
      pgbench,
      scale: options.scale,
      log: (line) => console.log(`  ${line}`),
    };
    for (const question of QUESTIONS) {
      if (options.only.length > 0 && !options.only.includes(question.name)) continue;
      await answer(question, bench, options, machine);
    }
  } finally {
    stopped();
    await server.stop();
  }
}

async function answer(
  question: Question,
  bench: Bench,
  { write, scale }: Options,
  machine: string,
): Promise<void> {
  console.log(`\n${question.name}: ${question.asks}`);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const started = performance.now();
  const { goals, ...table } = await question.answer(bench);
  // What was wanted is no matter for a run whose figures mean nothing.
  const figures = toMarkdown(scale.quick || goals === undefined ? table : { ...table, goals });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n${figures}\n(${seconds} s)`);
  if (!write || scale.quick) return;
  const command = `\`node --import=tsx bench/run.ts --only ${question.name}\``;
  const when = `${command}, ${seconds} s, load ${load} before it. ${machine}`;
  await writeFigures(question.name, `${when}\n\n${figures}`);
}

function describeRun(server: string, { scale }: Options): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const length =
    'seconds' in scale.length
      ? `${scale.length.seconds} s`
      : `${scale.length.transactions} transactions per client`;
  return (
    `${new Date().toISOString().slice(0, 10)}: ${server}; Node ${process.version}; ` +
    `${cpus().length} × ${model}; medians of ${scale.rounds} rounds of ${length}.`
  );
}

/** The server is in a process group of its own: an interrupt has to be passed on. */
function interruption(stop: () => Promise<void>): () => void {
  const interrupted = () => {
    void stop().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  return () => {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  };
}

function printError(error: unknown): number {
  if (!(error instanceof UserError)) {
    console.error(error);
    return 1;
  }
  console.error(`error: ${error.message}`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
  return 1;
}
