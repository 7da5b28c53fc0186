import type { RouterContext } from '@koa/router';
import type { z } from 'zod';
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
  const fields = Object.keys(schema.shape).map((field) => {
    const all = given.getAll(field);
    return [field, field === 'topic' ? all : all.at(-1)];
  });
  const parsed = schema.safeParse(Object.fromEntries(fields));
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map(({ path, message }): FieldError => {
      const [field = 'query', place] = path;
      const at = typeof place === 'number' ? `[${place}]` : '';
      return { field: `${String(field)}${at}`, message };
    }),
  );
}

function decoded(field: string, text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid([{ field, message: 'has a % that begins no escape of UTF-8' }]);
  }
}
