import type { RouterContext } from '@koa/router';
import { readableBy, type Viewer } from '../../live/audience.js';
import type { Reader } from '../../live/reader.js';
import type { Snapshot } from '../../live/reading.js';
import { Refusal, refusalOf } from '../../live/refusal.js';
import { type Topic, topicText } from '../../live/topic.js';
import { digestOf, sendConditionally } from '../answer.js';
import type { Authenticate } from '../auth.js';
import { queryOf, topicOfPath } from '../input.js';
import { answerOf, isPublic, itemText } from '../number.js';
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
  const topic = topicOfPath(ctx.captures ?? []);
  const viewer = await deps.authenticate(ctx);
  sendConditionally(ctx, answerOf(await deps.reader.number(topic), viewer));
}

async function sendSummary(ctx: RouterContext, deps: ReadDeps): Promise<void> {
  const topic = topicOfPath(ctx.captures ?? []);
  const viewer = await deps.authenticate(ctx);
  const { history, readings } = await allowed([topic], viewer, deps.reader);
  const [reading] = readings;
  if (reading?.kind !== 'summary') throw new Refusal('unknown', [topicText(topic)]);
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
