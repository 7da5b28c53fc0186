import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { TOPIC_RULE, type Topic, topicOf } from '../live/topic.js';
import { type FieldError, invalid } from './problems.js';

/** The topic that a path names; its parts come as they were sent, escapes and all. */
export function topicOfPath([name = '', scope = '']: readonly string[]): Topic {
  const topic = topicOf(decoded('name', name), decoded('scope', scope));
  if (topic !== undefined) return topic;
  const field = topicOf(decoded('name', name), '') === undefined ? 'name' : 'scope';
  throw invalid([{ field, message: `is not part of a topic, which is ${TOPIC_RULE}` }]);
}

/** Each field is repeated or single, as the schema has it; others are ignored. */
export function queryOf<Schema extends z.ZodObject>(
  ctx: RouterContext,
  schema: Schema,
): z.output<Schema> {
  decoded('query', ctx.querystring.replaceAll('+', ' '));
  const given = new URLSearchParams(ctx.querystring);
  const repeated = repeatedFields(schema);
  const fields = Object.keys(schema.shape).map((field) => {
    const all = given.getAll(field);
    // PostgreSQL's text cannot hold it.
    if (all.some((text) => text.includes('\0'))) throw invalid([{ field, message: 'holds NUL' }]);
    // A form sends its empty fields too.
    return [field, repeated.has(field) ? all : all.at(-1) || undefined];
  });
  return checked(schema, Object.fromEntries(fields), 'query');
}

/** The parts of the path that have names. */
export function pathOf<Schema extends z.ZodObject>(
  ctx: RouterContext,
  schema: Schema,
): z.output<Schema> {
  return checked(schema, ctx.params, 'path');
}

/** What a schema makes of it, or a problem that names each wrong field. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map(({ path, message }): FieldError => {
      const names = path.map((part, at) =>
        typeof part === 'number' ? `[${part}]` : `${at === 0 ? '' : '.'}${String(part)}`,
      );
      return { field: names.join('') || whole, message };
    }),
  );
}

const repeatedFieldsOf = new WeakMap<z.ZodObject, ReadonlySet<string>>();

function repeatedFields(schema: z.ZodObject): ReadonlySet<string> {
  const known = repeatedFieldsOf.get(schema);
  if (known !== undefined) return known;
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  const isList = (property: unknown) =>
    typeof property === 'object' &&
    property !== null &&
    'type' in property &&
    property.type === 'array';
  const found = new Set(Object.keys(properties).filter((name) => isList(properties[name])));
  repeatedFieldsOf.set(schema, found);
  return found;
}

function decoded(field: string, text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid([{ field, message: 'has a % that begins no escape of UTF-8' }]);
  }
}
