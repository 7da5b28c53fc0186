import type { z } from 'zod';
import type { Handle } from './answering.js';
import type { ProblemKind } from './problems.js';

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

export type Answer = {
  readonly description: string;
  /** Undefined: nothing comes with it. */
  readonly contentType?: string;
  readonly schema?: z.ZodType;
  /** Name and what it means. */
  readonly headers?: Readonly<Record<string, string>>;
};

/** One route: what it does, and all that /openapi.json says of it. */
export type Route = {
  readonly id: string;
  /** As OpenAPI writes it; {scope} is the rest of the path. */
  readonly path: string;
  /** get, where nothing is said. */
  readonly method?: Method;
  readonly tag: string;
  /** The schema in the database without which it is not there. */
  readonly schema?: string;
  readonly summary: string;
  readonly description?: string;
  readonly inPath?: z.ZodObject;
  readonly inQuery?: z.ZodObject;
  /** Name and what it means. */
  readonly inHeaders?: Readonly<Record<string, string>>;
  /** What a request brings; without it, one that brings anything is refused. */
  readonly body?: z.ZodType;
  /** may: a token is looked at; must: there is one; admin: with that role; never: no look. */
  readonly signedIn: 'may' | 'must' | 'admin' | 'never';
  readonly answers: Readonly<Record<number, Answer>>;
  readonly problems: readonly ProblemKind[];
  /** A document: compressed when it is long. */
  readonly isDocument?: boolean;
  readonly handle: Handle;
};

/** Whatever the route, these can come. */
export const ALWAYS: readonly ProblemKind[] = [
  'body-not-allowed',
  'method-not-allowed',
  'internal',
];

/** As the router writes it. */
export function routerPath(path: string): string {
  return path.replace('{scope}', '*scope').replace(/\{(\w+)\}/g, ':$1');
}
