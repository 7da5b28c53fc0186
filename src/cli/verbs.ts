import { UserError } from '../errors.js';
import { VERSION } from '../version.js';
import { doctor, fill, repair, status, tick, verify } from './care.js';
import { demo, traffic } from './demo.js';
import { migrate } from './migrate.js';
import { psql } from './psql.js';
import { pulse } from './pulse.js';
import { refresh } from './refresh.js';
import { serve } from './serve.js';
import { sql } from './sql.js';
import { start } from './start.js';
import { reset, stop } from './stop.js';
import { cleanup, cron, expire } from './upkeep.js';
import { EXIT, type Verb } from './verb.js';

const help: Verb = {
  name: 'help',
  usage: '[VERB]',
  summary: 'list the verbs, or explain one',
  positionalsMax: 1,
  run: async ({ positionals: [name], program, say }) => {
    const lines =
      name === undefined ? helpLines(program) : verbHelpLines(findVerb(name, program), program);
    for (const line of lines) say(line);
    return EXIT.ok;
  },
};

const version: Verb = {
  name: 'version',
  usage: '',
  summary: 'print the version of this program',
  run: async ({ say }) => {
    say(VERSION);
    return EXIT.ok;
  },
};

/** In the order in which help lists them. */
export const VERBS: readonly Verb[] = [
  start,
  serve,
  demo,
  traffic,
  stop,
  reset,
  migrate,
  sql,
  psql,
  pulse,
  tick,
  fill,
  refresh,
  verify,
  repair,
  expire,
  cleanup,
  cron,
  doctor,
  status,
  help,
  version,
];

/** The verb of that name, or an error that names those like it. */
export function findVerb(name: string, program: string): Verb {
  const verb = VERBS.find((candidate) => candidate.name === name);
  if (verb !== undefined) return verb;
  if (name.startsWith('-')) {
    throw new UserError(`the verb comes first, and ${name} after it`, {
      hint: `usage: ${program} VERB [ARGUMENTS]; ${program} help lists the verbs`,
    });
  }
  const near = namesNear(
    name,
    VERBS.map((candidate) => candidate.name),
  );
  throw new UserError(`there is no verb ${JSON.stringify(name)}`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `${program} help lists them`,
  });
}

function helpLines(program: string): string[] {
  const heads = VERBS.map(({ name, usage }) => `${name} ${usage}`.trim());
  const width = Math.max(...heads.map((head) => head.length));
  return [
    `usage: ${program} VERB [ARGUMENTS]`,
    '',
    ...VERBS.map(({ summary }, at) => `  ${(heads[at] ?? '').padEnd(width)}  ${summary}`),
    '',
    `${program} VERB --help says what its options do.`,
    'DATABASE_URL names the database; without it, an embedded PostgreSQL keeps its data in .data.',
  ];
}

export function verbHelpLines(verb: Verb, program: string): string[] {
  const flags = Object.entries(verb.flags ?? {}).map(([name, { short, says }]) => {
    return { head: short === undefined ? `--${name}` : `--${name}, -${short}`, says };
  });
  const width = Math.max(0, ...flags.map(({ head }) => head.length));
  return [
    `usage: ${`${program} ${verb.name} ${verb.usage}`.trim()}`,
    '',
    `  ${verb.summary}`,
    ...(flags.length > 0 ? [''] : []),
    ...flags.map(({ head, says }) => `  ${head.padEnd(width)}  ${says}`),
  ];
}

/** Those among `names` that someone who typed `typed` may have meant. */
export function namesNear(typed: string, names: readonly string[]): string[] {
  const near = names.map((name) => ({ name, distance: distanceOf(typed.toLowerCase(), name) }));
  return near
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 2) - 1))
    .sort((a, b) => a.distance - b.distance)
    .map(({ name }) => name);
}

/** How many characters to add, take out or change (Levenshtein). */
function distanceOf(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [row, left] of [...from].entries()) {
    const current = [row + 1];
    for (const [column, right] of [...to].entries()) {
      const change = (previous[column] ?? 0) + (left === right ? 0 : 1);
      const remove = (previous[column + 1] ?? 0) + 1;
      const insert = (current[column] ?? 0) + 1;
      current.push(Math.min(change, remove, insert));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
