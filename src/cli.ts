#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { EXIT, type Options, type Verb } from './cli/verb.js';
import { findVerb, namesNear, verbHelpLines } from './cli/verbs.js';
import { type Config, loadConfig } from './config.js';
import { UserError } from './errors.js';

/** From a checkout it runs as TypeScript, from the package as what npx finds. */
const PROGRAM = import.meta.url.endsWith('.ts') ? 'node --import=tsx src/cli.ts' : 'npx pgtally';

/** What people type who know other programs. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['--help', 'help'],
  ['-h', 'help'],
  ['--version', 'version'],
  ['-V', 'version'],
]);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of a pipe, such as head, has seen enough.
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await main(process.argv.slice(2)).catch(printError);

async function main([given = 'help', ...rest]: string[]): Promise<number> {
  const verb = findVerb(SHORT.get(given) ?? given, PROGRAM);
  const { values, positionals } = readArguments(verb, rest);
  const say = (line: string) => console.log(line);
  if (values.help === true) {
    for (const line of verbHelpLines(verb, PROGRAM)) say(line);
    return EXIT.ok;
  }
  let config: Config | undefined;
  return await verb.run({
    // Read when it is wanted: help is for those, too, whose settings are wrong.
    get config() {
      config ??= loadConfig(process.env);
      return config;
    },
    positionals,
    flags: new Set(Object.keys(values)),
    program: PROGRAM,
    say,
    note: (line) => console.error(line),
  });
}

function readArguments(verb: Verb, args: string[]) {
  const flags = { ...verb.flags, help: { short: 'h' } };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { short }]: [string, { readonly short?: string }]) => {
      return [name, { type: 'boolean' as const, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const usage = `usage: ${PROGRAM} ${verb.name} ${verb.usage}`.trim();
  refuseUnknown(verb, args, options, usage);
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
    const surplus = parsed.positionals[verb.positionalsMax ?? 0];
    if (surplus === undefined || parsed.values.help === true) return parsed;
    throw new UserError(`${verb.name} has no use for ${JSON.stringify(surplus)}`, { hint: usage });
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw new UserError(error.message.split('. ')[0] ?? error.message, { hint: usage });
  }
}

/** parseArgs would say that it is unknown, and not what is near. */
function refuseUnknown(verb: Verb, args: string[], options: Options, usage: string): void {
  const { tokens } = parseArgs({
    args,
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) continue;
    const near = namesNear(token.name, Object.keys(options)).map((name) => `--${name}`);
    const meant = near.length > 0 ? `did you mean ${near.join(' or ')}? ` : '';
    throw new UserError(`${verb.name} has no option ${token.rawName}`, { hint: meant + usage });
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
