import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { digestOf, sendConditionally } from '../../http/answer.js';
import { pathOf } from '../../http/input.js';
import type { ProblemKind } from '../../http/problems.js';
import { answerStream } from '../../http/routes/stream.js';
import { readableBy, type Viewer } from '../../live/audience.js';
import { refusalOf } from '../../live/refusal.js';
import type { Sink } from '../../live/sinks/sink.js';
import { type Compose, wholeSink } from '../../live/sinks/whole.js';
import { type Topic, topicText } from '../../live/topic.js';
import type { AppRoute, AppRouteDeps } from './app.js';
import { type Asker, admit, type May, signedIn } from './asking.js';
import { textOf } from './statement.js';

/** Who asks, and what his path says. */
export type AskedFor<Path extends z.ZodObject> = Asker & { readonly path: z.output<Path> };

export type Shown<Path extends z.ZodObject> = {
  readonly id: string;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly may: May;
  readonly inPath?: Path;
  /**
   * One call of one function, which refuses or says for whom the asker may ask here: whose topics
   * of audience `owner` are his for this answer.
   */
  readonly actsFor?: {
    readonly call: string;
    readonly values: (asked: AskedFor<Path>) => readonly unknown[];
  };
  /** What it is made of, for this asker. */
  readonly topics: (asked: AskedFor<Path>) => readonly Topic[];
  /** The answer, of the newest state of each of the topics, by their text. */
  readonly compose: (asked: AskedFor<Path>) => Compose;
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

/** Made once: what a schema checks with is compiled when it is first used. */
const NOTHING = z.object({});

/** Topics as one answer, read in one query, and as a stream whose every sync is that answer. */
export function shown<Path extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  spec: Shown<Path>,
): AppRoute {
  const { id, path, tag, summary, may, inPath, answer, compose } = spec;
  const common = { tag, signedIn: signedIn(may), ...(inPath === undefined ? {} : { inPath }) };
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
      problems: [...problemsOf(spec), 'not-acceptable', 'too-many-streams'] as const,
      handle: async (ctx: RouterContext) => await streamOf(ctx, spec, deps),
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
        problems: problemsOf(spec),
        handle: async (ctx) => {
          const { viewer, asked } = await askedOf(ctx, spec, deps);
          const topics = spec.topics(asked);
          const { history, readings } = await deps.live.reader.read(topics, readableBy(viewer));
          const refusal = refusalOf(readings, viewer);
          if (refusal !== undefined) throw refusal;
          const values = new Map(readings.map(({ topic, json }) => [topicText(topic), json]));
          const body = compose(asked)(values) ?? 'null';
          const etag = `"${history}.${digestOf(body)}"`;
          sendConditionally(ctx, { etag, body, isPublic: false });
        },
      },
      stream,
    ];
  };
}

async function streamOf<Path extends z.ZodObject>(
  ctx: RouterContext,
  spec: Shown<Path>,
  deps: AppRouteDeps,
): Promise<void> {
  const { streams } = deps.live;
  let topics: readonly Topic[] = [];
  let compose: Compose = () => undefined;
  // A database that is away ends a stream as it ends any other: the browser comes back.
  const authenticate = async () => {
    const { viewer, asked } = await askedOf(ctx, spec, deps);
    topics = spec.topics(asked);
    compose = spec.compose(asked);
    return viewer;
  };
  const around = (sink: Sink) => wholeSink(sink, compose);
  // Whoever comes back gets all of it: a sync is made of every topic.
  const asked = { topicsOf: () => topics, lastEventId: undefined, around };
  await answerStream(ctx, asked, { ...deps, streams, authenticate });
}

async function askedOf<Path extends z.ZodObject>(
  ctx: RouterContext,
  { may, inPath, actsFor }: Shown<Path>,
  deps: AppRouteDeps,
): Promise<{ viewer: Viewer | undefined; asked: AskedFor<Path> }> {
  const viewer = await deps.authenticate(ctx);
  const asker = admit(viewer, may);
  const asked = { ...asker, path: pathOf(ctx, (inPath ?? NOTHING) as Path) };
  if (actsFor === undefined || viewer === undefined) return { viewer, asked };
  const whom = await textOf(deps.live.pool, actsFor.call, actsFor.values(asked));
  return { viewer: whom === undefined ? viewer : { ...viewer, actsFor: whom }, asked };
}

function problemsOf<Path extends z.ZodObject>({ inPath, actsFor }: Shown<Path>): ProblemKind[] {
  return [
    ...PROBLEMS,
    ...(inPath === undefined ? [] : (['invalid-request'] as const)),
    ...(actsFor === undefined ? [] : (['not-found'] as const)),
  ];
}
