import type { Statement } from '../pool.js';
import {
  type Change,
  type Changes,
  type Found,
  type Kind,
  type Look,
  NO_HISTORY,
  type State,
} from './reading.js';
import type { Topic } from './topic.js';

/** Clients wait for these: rather asked again than waited for on a connection that is gone. */
const ANSWER_MS = 8000;

export const READ: Statement = {
  name: 'tally-read',
  text: `select r.kind, r.audience, r.state, r.json, r.version, r.settled, r.pulse, r.history
from tally.read_topics($1, $2) r order by r.pos`,
  answerMs: ANSWER_MS,
};
export const CHANGES: Statement = {
  name: 'tally-changes',
  text: `select c.pos, c.json, c.version, c.pulse, h.history
from tally.changed_topics($1, $2, $3) c, tally.history() h(history) order by c.pos`,
  answerMs: ANSWER_MS,
};
export const DEFINITIONS: Statement = {
  name: 'tally-definitions',
  text: 'select name, kind, audience, state from tally.topic_definitions($1)',
  answerMs: ANSWER_MS,
};

export const AGES: Statement = {
  name: 'tally-ages',
  text: `select a.name, a.documents::int, extract(epoch from a.newest)::float8,
  extract(epoch from a.median)::float8, extract(epoch from a.oldest)::float8
from tally.document_ages a order by a.name`,
  answerMs: ANSWER_MS,
};

export type AgesRow = [
  summary: string,
  documents: number,
  newest: number | null,
  median: number | null,
  oldest: number | null,
];

export type ReadRow = [
  kind: Kind | null,
  audience: string,
  state: State | 'due',
  json: string | null,
  version: string,
  settled: boolean,
  pulse: string,
  history: string | null,
];
export type ChangeRow = [
  pos: number,
  json: string | null,
  version: string,
  pulse: string,
  history: string | null,
];

export type DefinitionRow = [name: string, kind: Kind, audience: string, state: State];

export function snapshotOf(topics: readonly Topic[], rows: readonly ReadRow[]): Look {
  const [first] = rows;
  if (first === undefined || rows.length !== topics.length) {
    throw new Error(`${topics.length} topics were asked for, ${rows.length} answered`);
  }
  const readings = rows.map(([kind, audience, state, json, version, settled], at): Found => {
    const topic = topics[at];
    if (topic === undefined) throw new Error('an answer without a question');
    return {
      topic,
      kind: kind ?? undefined,
      audience,
      state,
      json: json ?? 'null',
      version: Number(version),
      settled,
    };
  });
  return { history: first[7] ?? NO_HISTORY, pulse: Number(first[6]), readings };
}

export function changesOf(topics: readonly Topic[], rows: readonly ChangeRow[]): Changes {
  const [first] = rows;
  if (first === undefined) throw new Error('no answer, not even the pulse');
  const changes: Change[] = [];
  const hidden: Topic[] = [];
  for (const [pos, json, version] of rows) {
    const topic = topics[pos - 1];
    if (topic === undefined) continue;
    if (json === null) hidden.push(topic);
    else changes.push({ topic, json, version: Number(version) });
  }
  return { history: first[4] ?? NO_HISTORY, pulse: Number(first[3]), changes, hidden };
}
