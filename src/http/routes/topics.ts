import type { RouterContext } from '@koa/router';
import { readableBy, type Viewer } from '../../live/audience.js';
import type { Reader, Reading, Snapshot } from '../../live/reader.js';
import { Refusal, refusalOf } from '../../live/refusal.js';
import { type Topic, topicText } from '../../live/topic.js';
import { digestOf, sendConditionally } from '../answer.js';
import type { Authenticate } from '../auth.js';
import { queryOf, topicOfPath } from '../input.js';
import type { ProblemKind } from '../problems.js';
import type { Answer, Route } from '../route.js';
import {
  counterAnswer,
  namedPath,
  scopedPath,
  summaryAnswer,
  topicsAnswer,
  topicsQuery,
} from '../schemas.js';

export type ReadDeps = {
  readonly reader: Reader;
  readonly authenticate: Authenticate;
  readonly topicsMax: number;
  /** sendConditionally, or sendDirectly where nobody else is around. */
  readonly sendNumber: typeof sendConditionally;
};

const IF_NONE_MATCH = {
  'If-None-Match': 'An ETag of an earlier answer: while it holds, the answer is 304 with no body.',
};
const READ_HEADERS = {
  ETag: 'Strong; another one as soon as anything in the answer differs.',
  'Cache-Control':
    'public or private, and no-cache: it may be kept, and is asked for again each time.',
  Vary: 'Authorization and Cookie, unless it is public.',
};
const NOT_MODIFIED: Answer = { description: 'What you have still holds.', headers: READ_HEADERS };
const READ_PROBLEMS: readonly ProblemKind[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'unknown-topic',
  'counter-filling',
  'counter-broken',
  'counter-overflow',
  'database-unavailable',
  'keys-unavailable',
];

/** Single rows, read when they are asked for. */
export function readRoutes(deps: ReadDeps): Route[] {
  return [
    ...bothForms('counter', '/v1/counters/{name}', {
      summary: 'One number',
      description: 'A counter that never counted anything in this scope is 0, with version 0.',
      schema: counterAnswer,
      handle: (ctx) => sendCounter(ctx, deps),
    }),
    ...bothForms('summary', '/v1/summaries/{name}', {
      summary: 'One document',
      schema: summaryAnswer,
      isDocument: true,
      handle: (ctx) => sendSummary(ctx, deps),
    }),
    topicsRoute(deps),
  ];
}

type Form = Pick<Route, 'summary' | 'description' | 'handle' | 'isDocument'> &
  Pick<Answer, 'schema'>;

/** With a scope, and without. */
function bothForms(id: string, path: string, { schema, ...form }: Form): Route[] {
  const common = {
    ...form,
    tag: 'topics',
    inHeaders: IF_NONE_MATCH,
    signedIn: 'may',
    answers: {
      200: {
        description: form.summary,
        contentType: 'application/json',
        headers: READ_HEADERS,
        ...(schema === undefined ? {} : { schema }),
      },
      304: NOT_MODIFIED,
    },
    problems: READ_PROBLEMS,
  } as const;
  return [
    { ...common, id, path, inPath: namedPath },
    { ...common, id: `${id}-in-scope`, path: `${path}/{scope}`, inPath: scopedPath },
  ];
}

function topicsRoute(deps: ReadDeps): Route {
  const query = topicsQuery(deps.topicsMax);
  return {
    id: 'topics',
    path: '/v1/topics',
    tag: 'topics',
    summary: 'Several numbers and documents, all of one instant',
    inQuery: query,
    inHeaders: IF_NONE_MATCH,
    signedIn: 'may',
    isDocument: true,
    answers: {
      200: {
        description: 'In the order asked for, each once',
        contentType: 'application/json',
        schema: topicsAnswer,
        headers: READ_HEADERS,
      },
      304: NOT_MODIFIED,
    },
    problems: READ_PROBLEMS,
    handle: async (ctx) => {
      const { topic } = queryOf(ctx, query);
      await sendTopics(ctx, topic, deps);
    },
  };
}

async function sendCounter(ctx: RouterContext, deps: ReadDeps): Promise<void> {
  const { history, reading } = await readOne(ctx, 'counter', deps);
  const { json, version } = reading;
  // The value too: it may change before a pulse gives it another version.
  const etag = `"${history}.${version}.${json}"`;
  deps.sendNumber(ctx, { etag, body: itemText(reading), isPublic: isPublic(reading) });
}

async function sendSummary(ctx: RouterContext, deps: ReadDeps): Promise<void> {
  const { history, reading } = await readOne(ctx, 'summary', deps);
  const etag = `"${history}.${reading.version}"`;
  sendConditionally(ctx, { etag, body: reading.json, isPublic: isPublic(reading) });
}

async function sendTopics(ctx: RouterContext, topics: Topic[], deps: ReadDeps): Promise<void> {
  const viewer = await deps.authenticate(ctx);
  const { history, readings } = await allowed(topics, viewer, deps.reader);
  const body = `{"topics":[${readings.map(itemText).join(',')}]}`;
  const etag = `"${history}.${digestOf(body)}"`;
  sendConditionally(ctx, { etag, body, isPublic: readings.every(isPublic) });
}

async function readOne(ctx: RouterContext, kind: 'counter' | 'summary', deps: ReadDeps) {
  const topic = topicOfPath(ctx);
  const asking = deps.authenticate(ctx);
  const viewer = asking === undefined ? undefined : await asking;
  const { history, readings } = await allowed([topic], viewer, deps.reader);
  const [reading] = readings;
  if (reading?.kind === kind) return { history, reading };
  throw new Refusal('unknown', [topicText(topic)]);
}

/** Read first: who may see it stands beside the value, and is of the same instant. */
async function allowed(
  topics: readonly Topic[],
  viewer: Viewer | undefined,
  reader: Reader,
): Promise<Snapshot> {
  const snapshot = await reader.read(topics, readableBy(viewer));
  const refusal = refusalOf(snapshot.readings, viewer);
  if (refusal !== undefined) throw refusal;
  return snapshot;
}

function isPublic({ audience }: Reading): boolean {
  return audience === 'public';
}

/** Put together as text: the value is passed on as PostgreSQL wrote it. */
function itemText({ topic, kind, json, version }: Reading): string {
  const field = kind === 'summary' ? 'body' : 'value';
  return `{"topic":${JSON.stringify(topicText(topic))},"${field}":${json},"version":${version}}`;
}
