#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { EXIT, type Verb } from './cli/verb.js';
import { helpLines, namesNear, VERBS, verbHelpLines } from './cli/verbs.js';
import { loadConfig } from './config.js';
import { UserError } from './errors.js';
import { VERSION } from './version.js';

/** From a checkout it runs as TypeScript, from the package as what npx finds. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'node --import=tsx src/cli.ts' : 'npx pgtally';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe, such as head, has seen enough.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2)).catch(printError);

async function main([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    return help(rest[0]);
  }
  if (name === '--version' || name === '-V') {
    console.log(VERSION);
    return EXIT.ok;
  }
  const verb = findVerb(name);
  const { values, positionals } = readArguments(verb, rest);
  if (values.help === true) return help(name);
  return await verb.run({
    config: loadConfig(process.env),
    positionals,
    flags: new Set(Object.keys(values)),
    program: PROGRAM,
    say: (line) => console.log(line),
    note: (line) => console.error(line),
  });
}

function help(name: string | undefined): number {
  const lines = name === undefined ? helpLines(PROGRAM) : verbHelpLines(findVerb(name), PROGRAM);
  for (const line of lines) console.log(line);
  return EXIT.ok;
}

function findVerb(name: string): Verb {
  const verb = VERBS.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  const near = namesNear(name);
  throw new UserError(`there is no verb ${JSON.stringify(name)}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `${PROGRAM} help lists them`,
  });
}

function readArguments(verb: Verb, args: string[]) {
  const flags = Object.entries(verb.flags ?? {});
  const options = Object.fromEntries([
    ['help', { type: 'boolean' as const, short: 'h' }],
    ...flags.map(([flag, more]) => [flag, { type: 'boolean' as const, ...more }] as const),
  ]);
  const usage = `usage: ${PROGRAM} ${verb.name} ${verb.usage}`.trim();
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
    const surplus = parsed.positionals[verb.positionalsMax ?? 0];
    if (surplus === undefined) return parsed;
    throw new UserError(`${verb.name} has no use for ${JSON.stringify(surplus)}`, { hint: usage });
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw new UserError(error.message.split('. ')[0] ?? error.message, { hint: usage });
  }
}

function printError(error: unknown): number {
  if (error instanceof UserError) {
    console.error(`error: ${error.message}`);
    if (error.hint !== undefined) console.error(`hint: ${error.hint}`);
  } else {
    // A defect of ours: whoever reports it needs the stack.
    console.error(error);
  }
  return EXIT.error;
}
