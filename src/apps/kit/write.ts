import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { JSON_TYPE } from '../../http/answer.js';
import { setSecurityHeaders } from '../../http/answering.js';
import { checked, pathOf } from '../../http/input.js';
import type { ProblemKind } from '../../http/problems.js';
import type { Method } from '../../http/route.js';
import type { AppRoute, AppRouteDeps } from './app.js';
import { type Asker, askerOf, type May, refuseForeignPages, signedIn } from './asking.js';
import { bytesOf, jsonOf } from './body.js';
import { textOf } from './statement.js';

export type Write<Path extends z.ZodObject, Body extends z.ZodType> = {
  readonly id: string;
  readonly method: Exclude<Method, 'get'>;
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly may: May;
  readonly inPath?: Path;
  readonly body?: Body;
  /** Throws unless the body, as it came, is from whom it should be; nothing of it is read before. */
  readonly authorize?: (ctx: RouterContext, bytes: Buffer, deps: AppRouteDeps) => void;
  /** Name and what it means. */
  readonly inHeaders?: Readonly<Record<string, string>>;
  /** 200, where nothing is said. */
  readonly status?: 200 | 201;
  readonly answer: z.ZodType;
  /** Beside those that any request can meet. */
  readonly problems?: readonly ProblemKind[];
  /** One call of one function, which returns the answer as JSON. */
  readonly call: string;
  readonly values: (
    asked: Asker & { readonly path: z.output<Path>; readonly body: z.output<Body> },
  ) => readonly unknown[];
};

const ALWAYS: readonly ProblemKind[] = ['invalid-request', 'not-found', 'database-unavailable'];
const WITH_BODY: readonly ProblemKind[] = ['body-too-large', 'unsupported-media-type'];
const WITH_TOKEN: readonly ProblemKind[] = ['unauthenticated', 'forbidden', 'keys-unavailable'];

/** A request that changes something: one SQL function, which checks and refuses. */
export function write<
  Path extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: Write<Path, Body>): AppRoute {
  const { id, method, path, tag, summary, may, inPath, body, status = 200, answer } = spec;
  // Made once: what a schema checks with is compiled when it is first used.
  const ofPath = (inPath ?? z.object({})) as Path;
  const ofBody = (body ?? z.undefined()) as Body;
  return (deps) => [
    {
      ...{ id, method, path, tag, summary },
      ...(inPath === undefined ? {} : { inPath }),
      ...(body === undefined ? {} : { body }),
      ...(spec.inHeaders === undefined ? {} : { inHeaders: spec.inHeaders }),
      signedIn: signedIn(may),
      answers: {
        [status]: { description: summary, contentType: 'application/json', schema: answer },
      },
      problems: [
        ...new Set([
          ...ALWAYS,
          ...WITH_TOKEN,
          ...(body === undefined ? [] : WITH_BODY),
          ...(spec.problems ?? []),
        ]),
      ],
      handle: async (ctx) => {
        refuseForeignPages(ctx, deps);
        const asker = await askerOf(ctx, may, deps);
        const named = pathOf(ctx, ofPath);
        const given = body === undefined ? undefined : await bytesOf(ctx);
        if (given !== undefined) spec.authorize?.(ctx, given, deps);
        const json = given === undefined ? undefined : jsonOf(given);
        const brought = checked(ofBody, json, 'body');
        const asked = { ...asker, path: named, body: brought };
        const text = await textOf(deps.live.pool, spec.call, spec.values(asked));
        setSecurityHeaders(ctx.res);
        ctx.res.setHeader('Content-Type', JSON_TYPE);
        ctx.res.setHeader('Cache-Control', 'no-store');
        ctx.status = status;
        ctx.body = text ?? 'null';
      },
    },
  ];
}
