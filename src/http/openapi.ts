import { z } from 'zod';
import { TOKEN_COOKIE } from './auth.js';
import { PROBLEMS, type ProblemKind } from './problems.js';
import { ALWAYS, type Answer, type Route } from './route.js';
import { problemAnswer } from './schemas.js';

type Json = Record<string, unknown>;

export type Description = {
  readonly title: string;
  readonly version: string;
  readonly prefix: string;
};

/** OpenAPI 3.1, of the schemas that check what comes in and of what each route says of itself. */
export function describe(routes: readonly Route[], { title, version, prefix }: Description): Json {
  const components = new Components();
  const problem = components.refer(problemAnswer);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const operation = {
      operationId: route.id,
      tags: [route.tag],
      summary: route.summary,
      ...(route.description === undefined ? {} : { description: route.description }),
      parameters: parametersOf(route),
      ...bodyOf(route, components),
      ...securityOf(route),
      responses: {
        ...answersOf(route, components),
        ...problemsOf(route, problem),
      },
    };
    paths[route.path] = { ...paths[route.path], [route.method ?? 'get']: operation };
  }
  return {
    openapi: '3.1.1',
    info: { title, version, description: 'Every problem type: docs/errors.md, section HTTP.' },
    servers: [{ url: prefix === '' ? '/' : prefix }],
    paths,
    components: {
      schemas: components.schemas,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: TOKEN_COOKIE },
      },
    },
  };
}

/** Schemas with an id are written once and referred to. */
class Components {
  readonly schemas: Record<string, unknown> = {};

  refer(schema: z.ZodType, io: 'input' | 'output' = 'output'): unknown {
    const made = z.toJSONSchema(schema, { io, reused: 'inline' });
    const { $schema: _, $defs = {}, ...own } = made as Json & { $defs?: Json };
    for (const [id, definition] of Object.entries($defs)) this.schemas[id] = relocated(definition);
    const { id } = z.globalRegistry.get(schema) ?? {};
    if (id === undefined) return relocated(own);
    // A schema with an id may be among the definitions already, and then what is left refers to it.
    if (!('$ref' in own)) this.schemas[id] = relocated(own);
    return { $ref: `#/components/schemas/${id}` };
  }
}

/** The same schema at another place: its references point there, and its id is its key. */
function relocated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocated);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'id' && key !== '$id');
  return Object.fromEntries(
    entries.map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, relocated(inner)],
    ),
  );
}

function parametersOf({ inPath, inQuery, inHeaders = {} }: Route): Json[] {
  return [
    ...fieldsOf(inPath, 'path'),
    ...fieldsOf(inQuery, 'query'),
    ...Object.entries(inHeaders).map(([name, description]) => {
      return { name, in: 'header', required: false, description, schema: { type: 'string' } };
    }),
  ];
}

function fieldsOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as Json;
    return { name, in: place, required: required.includes(name), description, schema: rest };
  });
}

function securityOf({ signedIn }: Route): Json {
  const either = [{ bearer: [] }, { cookie: [] }];
  if (signedIn === 'never') return {};
  return { security: signedIn === 'may' ? [{}, ...either] : either };
}

function bodyOf({ body }: Route, components: Components): Json {
  if (body === undefined) return {};
  const content = { 'application/json': { schema: components.refer(body, 'input') } };
  return { requestBody: { required: true, content } };
}

function answersOf({ answers }: Route, components: Components): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, components)]),
  );
}

function answerOf(answer: Answer, components: Components): Json {
  const { description, contentType, schema, headers } = answer;
  return {
    description,
    ...(headers === undefined ? {} : { headers: headersOf(headers) }),
    ...(contentType === undefined || schema === undefined
      ? {}
      : { content: { [contentType]: { schema: components.refer(schema) } } }),
  };
}

/** One answer for each status, which names all problems that have it. */
function problemsOf({ answers, problems }: Route, schema: unknown): Json {
  const kinds = [...ALWAYS, ...problems];
  const statuses = [...new Set(kinds.map((kind) => PROBLEMS[kind].status))];
  const entries = statuses.map((status): [string, Json] => {
    const same = kinds.filter((kind) => PROBLEMS[kind].status === status);
    const described = {
      description: same.map((kind) => `\`${kind}\`: ${PROBLEMS[kind].title}.`).join(' '),
      ...problemHeaders(same),
      content: { 'application/problem+json': { schema } },
    };
    return [String(status), described];
  });
  return Object.fromEntries(entries.filter(([status]) => !(Number(status) in answers)));
}

const PROBLEM_HEADERS: Partial<Record<ProblemKind, Record<string, string>>> = {
  unauthenticated: { 'WWW-Authenticate': 'Bearer; with error="invalid_token" if one was sent.' },
  'method-not-allowed': { Allow: 'The methods that there are.' },
  'too-many-streams': { 'Retry-After': 'Seconds.' },
  'counter-filling': { 'Retry-After': 'Seconds.' },
  'database-unavailable': { 'Retry-After': 'Seconds.' },
  'keys-unavailable': { 'Retry-After': 'Seconds.' },
  internal: { 'X-Request-Id': 'The one that was sent, or a new one: find it in the log.' },
};

function problemHeaders(kinds: readonly ProblemKind[]): Json {
  const named = Object.assign({}, ...kinds.map((kind) => PROBLEM_HEADERS[kind] ?? {}));
  return Object.keys(named).length === 0 ? {} : { headers: headersOf(named) };
}

function headersOf(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => {
      return [name, { description, schema: { type: 'string' } }];
    }),
  );
}
