import { z } from 'zod';
import { digestOf, sendConditionally } from '../../http/answer.js';
import { hasAlready } from '../../http/conditional.js';
import { pathOf, queryOf } from '../../http/input.js';
import { Problem, type ProblemKind } from '../../http/problems.js';
import { VERSION } from '../../version.js';
import type { AppRoute, AppRouteDeps } from './app.js';
import { type Asker, askerOf, type May, signedIn } from './asking.js';
import { countedTextOf, textOf } from './statement.js';

export type Page<Path extends z.ZodObject, Query extends z.ZodObject> = {
  readonly id: string;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly may: May;
  readonly inPath?: Path;
  readonly inQuery?: Query;
  readonly answer: z.ZodType;
  readonly problems?: readonly ProblemKind[];
  /** One call of one function, which returns the answer as JSON. NULL: there is nothing here. */
  readonly call: string;
  readonly values: (
    asked: Asker & { readonly path: z.output<Path>; readonly query: z.output<Query> },
  ) => readonly unknown[];
  /**
   * A counter whose value is another one whenever the answer might be: while it stands, a client
   * that has the answer is told so, and the statement is not run.
   */
  readonly holdsWhile?: string;
};

const ALWAYS: readonly ProblemKind[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-found',
  'counter-filling',
  'counter-broken',
  'database-unavailable',
  'keys-unavailable',
];

/** A request that reads: one statement, whose row is the answer. */
export function page<
  Path extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Query extends z.ZodObject = z.ZodObject<Record<never, never>>,
>(spec: Page<Path, Query>): AppRoute {
  const { id, path, tag, summary, may, inPath, inQuery, answer, problems = [] } = spec;
  // Made once: what a schema checks with is compiled when it is first used.
  const ofPath = (inPath ?? z.object({})) as Path;
  const ofQuery = (inQuery ?? z.object({})) as Query;
  return (deps) => [
    {
      ...{ id, path, tag, summary },
      ...(inPath === undefined ? {} : { inPath }),
      ...(inQuery === undefined ? {} : { inQuery }),
      inHeaders: { 'If-None-Match': 'An ETag of an earlier answer: while it holds, 304.' },
      signedIn: signedIn(may),
      isDocument: true,
      answers: {
        200: { description: summary, contentType: 'application/json', schema: answer },
        304: { description: 'What you have still holds.' },
      },
      problems: [...new Set([...ALWAYS, ...problems])],
      handle: async (ctx) => {
        const asker = await askerOf(ctx, may, deps);
        const named = pathOf(ctx, ofPath);
        const query = queryOf(ctx, ofQuery);
        const values = spec.values({ ...asker, path: named, query });
        const isPublic = may === 'anybody';
        const known = ctx.req.headers['if-none-match'];
        if (spec.holdsWhile !== undefined && known !== undefined) {
          const etag = await stateOf(deps, spec.holdsWhile, values);
          if (etag !== undefined && hasAlready(known, etag)) {
            sendConditionally(ctx, { etag, body: '', isPublic });
            return;
          }
        }
        const { text, state } = await answerOf(deps, spec.call, spec.holdsWhile, values);
        if (text === undefined) throw new Problem('not-found', `There is no ${ctx.path}.`);
        const etag = state ?? `"${digestOf(text)}"`;
        sendConditionally(ctx, { etag, body: text, isPublic });
      },
    },
  ];
}

type Answer = { readonly text: string | undefined; readonly state?: string | undefined };

/** The answer, with the tag of what it was made from: both of one snapshot. */
async function answerOf(
  { live }: AppRouteDeps,
  call: string,
  counter: string | undefined,
  values: readonly unknown[],
): Promise<Answer> {
  if (counter === undefined) return { text: await textOf(live.pool, call, values) };
  const { text, number } = await countedTextOf(live.pool, call, counter, values);
  return { text, state: number && tagOf(number.history, number.json, values) };
}

async function stateOf(
  { live }: AppRouteDeps,
  name: string,
  values: readonly unknown[],
): Promise<string | undefined> {
  const { history, reading } = await live.reader.number({ name, scope: '' });
  if (reading.state !== 'ready') return undefined;
  return tagOf(history, reading.json, values);
}

/** Another release may answer otherwise. */
function tagOf(history: string, json: string, values: readonly unknown[]): string {
  return `"${history}.${digestOf(`${VERSION} ${json} ${JSON.stringify(values)}`)}"`;
}
