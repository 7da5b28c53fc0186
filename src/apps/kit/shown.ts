import { z } from 'zod';
import { digestOf, sendConditionally } from '../../http/answer.js';
import type { ProblemKind } from '../../http/problems.js';
import { answerStream } from '../../http/routes/stream.js';
import { readableBy } from '../../live/audience.js';
import { refusalOf } from '../../live/refusal.js';
import { type Compose, wholeSink } from '../../live/sinks/whole.js';
import { type Topic, topicText } from '../../live/topic.js';
import type { AppRoute } from './app.js';
import { type Asker, admit, type May, signedIn } from './asking.js';

export type Shown = {
  readonly id: string;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly may: May;
  /** What it is made of, for this asker. */
  readonly topics: (asker: Asker) => readonly Topic[];
  /** The answer, of the newest state of each of the topics, by their text. */
  readonly compose: (asker: Asker) => Compose;
  readonly answer: z.ZodType;
  /** Both, where nothing is said. The stream is at the path and /stream. */
  readonly only?: 'stream';
};

const PROBLEMS: readonly ProblemKind[] = [
  'unauthenticated',
  'forbidden',
  'unknown-topic',
  'counter-filling',
  'counter-broken',
  'counter-overflow',
  'database-unavailable',
  'keys-unavailable',
];

/** Topics as one answer, read in one query, and as a stream whose every sync is that answer. */
export function shown(spec: Shown): AppRoute {
  const { id, path, tag, summary, may, topics, compose, answer } = spec;
  const common = { tag, signedIn: signedIn(may) };
  return (deps) => {
    const stream = {
      ...common,
      id: `${id}-stream`,
      path: `${path}/stream`,
      summary: `${summary}, and again after each change (server-sent events)`,
      description: 'Each `sync` carries the whole answer of the same path without /stream.',
      answers: {
        200: { description: 'The stream', contentType: 'text/event-stream', schema: z.string() },
      },
      problems: [...PROBLEMS, 'not-acceptable', 'too-many-streams'] as const,
      handle: async (ctx: Parameters<typeof answerStream>[0]) => {
        let asker: Asker = { me: null, roles: [] };
        const topicsOf: Parameters<typeof answerStream>[1]['topicsOf'] = (viewer) => {
          asker = admit(viewer, may);
          return topics(asker);
        };
        // Whoever comes back gets all of it: a sync is made of every topic.
        const around = (sink: Parameters<typeof wholeSink>[0]) => wholeSink(sink, compose(asker));
        const { streams } = deps.live;
        await answerStream(ctx, { topicsOf, lastEventId: undefined, around }, { ...deps, streams });
      },
    };
    if (spec.only === 'stream') return [stream];
    return [
      {
        ...common,
        ...{ id, path, summary },
        inHeaders: { 'If-None-Match': 'An ETag of an earlier answer: while it holds, 304.' },
        isDocument: true,
        answers: {
          200: { description: summary, contentType: 'application/json', schema: answer },
          304: { description: 'What you have still holds.' },
        },
        problems: PROBLEMS,
        handle: async (ctx) => {
          const viewer = await deps.authenticate(ctx);
          const asker = admit(viewer, may);
          const asked = topics(asker);
          const { history, readings } = await deps.live.reader.read(asked, readableBy(viewer));
          const refusal = refusalOf(readings, viewer);
          if (refusal !== undefined) throw refusal;
          const values = new Map(readings.map(({ topic, json }) => [topicText(topic), json]));
          const body = compose(asker)(values) ?? 'null';
          const etag = `"${history}.${digestOf(body)}"`;
          sendConditionally(ctx, { etag, body, isPublic: false });
        },
      },
      stream,
    ];
  };
}
