import { z } from 'zod';
import { digestOf, sendConditionally } from '../../http/answer.js';
import { hasAlready } from '../../http/conditional.js';
import { pathOf, queryOf } from '../../http/input.js';
import { Problem, type ProblemKind } from '../../http/problems.js';
import type { AppRoute, AppRouteDeps } from './app.js';
import { type Asker, askerOf, type May, signedIn } from './asking.js';
import { textOf } from './statement.js';

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
  /** One call of one function, which returns the answer as jsonb. NULL: there is nothing here. */
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
        const state = await stateOf(deps, spec.holdsWhile, values);
        const isPublic = may === 'anybody';
        if (state !== undefined && hasAlready(ctx.req.headers['if-none-match'], state)) {
          sendConditionally(ctx, { etag: state, body: '', isPublic });
          return;
        }
        const body = await textOf(deps.live.pool, spec.call, values);
        if (body === undefined) throw new Problem('not-found', `There is no ${ctx.path}.`);
        sendConditionally(ctx, { etag: state ?? `"${digestOf(body)}"`, body, isPublic });
      },
    },
  ];
}

/** Read before the answer: the tag may be older than what it is on, never newer. */
async function stateOf(
  { live }: AppRouteDeps,
  name: string | undefined,
  values: readonly unknown[],
): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const { history, reading } = await live.reader.number({ name, scope: '' });
  if (reading.state !== 'ready') return undefined;
  return `"${history}.${digestOf(`${reading.json} ${JSON.stringify(values)}`)}"`;
}
