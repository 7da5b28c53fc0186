import { cpus, loadavg } from 'node:os';
import { UserError } from '../../src/errors.js';
import { toMarkdown } from '../lib/figures.js';
import { writeFigures } from '../lib/readme.js';
import { startServer } from '../lib/server.js';
import { stopChildren } from './lib/children.js';
import { buildOurs, installPeers } from './lib/tools.js';
import { type Options, readOptions, USAGE } from './options.js';
import type { Load, Question } from './question.js';
import { appPages } from './questions/app-pages.js';
import { counterGets } from './questions/counter-gets.js';
import { fanOut } from './questions/fan-out.js';
import { idleCost } from './questions/idle-cost.js';
import { latency } from './questions/latency.js';
import { listenerOutage } from './questions/listener-outage.js';
import { replaced } from './questions/replaced.js';

const QUESTIONS: readonly Question[] = [
  latency,
  fanOut,
  counterGets,
  idleCost,
  listenerOutage,
  appPages,
  replaced,
];

/** What fails once everything is being stopped fails because of that. */
let isInterrupted = false;
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
  const log = (line: string) => console.log(`  ${line}`);
  await installPeers(log);
  await buildOurs();
  const server = await startServer(options.server);
  const stop = async () => {
    await stopChildren();
    await server.stop();
  };
  const stopped = interruption(stop);
  try {
    const load: Load = { server, scale: options.scale, log };
    for (const question of QUESTIONS) {
      if (options.only.length > 0 && !options.only.includes(question.name)) continue;
      await answer(question, load, options);
    }
  } finally {
    stopped();
    await stop();
  }
}

async function answer(question: Question, load: Load, { write, scale }: Options): Promise<void> {
  console.log(`\n${question.name}: ${question.asks}`);
  const busy = (loadavg()[0] ?? 0).toFixed(1);
  const started = performance.now();
  const { goals, inDocs, ...table } = await question.answer(load);
  // What was wanted is no matter for a run whose figures mean nothing.
  const figures = toMarkdown(scale.quick || goals === undefined ? table : { ...table, goals });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n${figures}\n(${seconds} s)`);
  if (!write) return;
  const command = `\`node --import=tsx bench/load/run.ts --only ${question.name}\``;
  const when = `${command}, ${seconds} s, load ${busy} before it. ${describeRun(load, question)}`;
  await writeFigures(question.name, `${when}\n\n${figures}`);
  if (inDocs === undefined) return;
  await writeFigures(question.name, toMarkdown(inDocs), 'docs/applications.md');
}

function describeRun({ server, scale }: Load, { rounds = scale.rounds }: Question): string {
  const model = cpus()[0]?.model ?? 'unknown processor';
  return (
    `${new Date().toISOString().slice(0, 10)}: ${server.what}; Node ${process.version}; ` +
    `${cpus().length} × ${model}; ${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`}.`
  );
}

/** PostgreSQL is in a process group of its own: an interrupt has to be passed on. */
function interruption(stop: () => Promise<void>): () => void {
  const interrupted = () => {
    isInterrupted = true;
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
  if (isInterrupted) return 130;
  if (!(error instanceof UserError)) {
    console.error(error);
    return 1;
  }
  console.error(`error: ${error.message}`);
  if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
  return 1;
}
