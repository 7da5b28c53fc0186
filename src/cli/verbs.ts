import { doctor, fill, repair, status, tick, verify } from './care.js';
import { migrate } from './migrate.js';
import { psql } from './psql.js';
import { pulse } from './pulse.js';
import { refresh } from './refresh.js';
import { serve } from './serve.js';
import { sql } from './sql.js';
import { start } from './start.js';
import { reset, stop } from './stop.js';
import { cleanup, cron, expire } from './upkeep.js';
import type { Verb } from './verb.js';

/** In the order in which help lists them. */
export const VERBS: readonly Verb[] = [
  start,
  serve,
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
];

export function helpLines(program: string): string[] {
  const heads = VERBS.map(({ name, usage }) => `${name} ${usage}`.trim());
  const width = Math.max(...heads.map((head) => head.length));
  return [
    `usage: ${program} VERB [ARGUMENTS]`,
    '',
    ...VERBS.map(({ summary }, at) => `  ${(heads[at] ?? '').padEnd(width)}  ${summary}`),
    '',
    'DATABASE_URL names the database; without it, an embedded PostgreSQL keeps its data in .data.',
  ];
}

export function verbHelpLines(verb: Verb, program: string): string[] {
  return [`usage: ${`${program} ${verb.name} ${verb.usage}`.trim()}`, '', `  ${verb.summary}`];
}

/** Names that someone who typed `typed` may have meant. */
export function namesNear(typed: string): string[] {
  const near = VERBS.map(({ name }) => ({ name, distance: distanceOf(typed, name) }));
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
