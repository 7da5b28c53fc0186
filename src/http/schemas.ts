import { z } from 'zod';
import { parseTopic, TOPIC_RULE, type Topic, topicText } from '../live/topic.js';

/** What comes in is checked with these, and /openapi.json is made of them. */

const SHOWN_LENGTH_MAX = 80;

const NAME = {
  description: 'The name of the counter or summary.',
  pattern: '^[a-z][a-z0-9_]{0,62}$',
  examples: ['pending_users'],
};
const SCOPE = {
  description: 'The scope: the rest of the path, at most 512 bytes; slashes may stand as they are.',
  maxLength: 512,
  examples: ['42', 'team/7'],
};

export const namedPath = z.object({ name: z.string().meta(NAME) });
export const scopedPath = z.object({
  name: z.string().meta(NAME),
  scope: z.string().meta(SCOPE),
});

const topic = z
  .string()
  .transform((text, context): Topic => {
    const parsed = parseTopic(text);
    if (parsed !== undefined) return parsed;
    const shown = JSON.stringify(text.slice(0, SHOWN_LENGTH_MAX));
    context.addIssue({ code: 'custom', message: `is ${shown}, and should be ${TOPIC_RULE}` });
    return z.NEVER;
  })
  .meta({ description: `A topic: ${TOPIC_RULE}.`, examples: ['pending_users', 'unread:42'] });

/** Twice the same topic is the same question once. */
function distinct(topics: readonly Topic[]): Topic[] {
  return [...new Map(topics.map((one) => [topicText(one), one])).values()];
}

export function topicsQuery(topicsMax: number) {
  return z.object({
    topic: z
      .array(topic)
      .min(1, 'is missing: name at least one, as in ?topic=pending_users&topic=unread:42')
      .transform(distinct)
      .refine((topics) => topics.length <= topicsMax, {
        error: ({ input }) =>
          `is given ${(input as Topic[]).length} times; at most ${topicsMax} are allowed`,
      })
      .meta({ description: `Each topic, up to ${topicsMax} different ones.` }),
  });
}

export function streamQuery(topicsMax: number) {
  return topicsQuery(topicsMax).extend({
    last_event_id: z.string().optional().meta({
      description:
        'As the header Last-Event-ID, which EventSource sends by itself and which comes first. One that cannot be read gets everything.',
    }),
  });
}

const topicName = z.string().meta({ description: 'name, or name:scope', examples: ['unread:42'] });
const version = z.number().meta({
  type: 'integer',
  minimum: 0,
  description: 'The pulse that last changed it; 0 where nothing ever did.',
});
const value = z.number().meta({
  type: 'integer',
  format: 'int64',
  description:
    'Exact at the instant of the read. May be beyond 2^53: read it as text or bigint then.',
});

export const counterAnswer = z
  .object({ topic: topicName, value, version })
  .meta({ id: 'Counter', description: 'A number in one scope.' });

export const summaryAnswer = z
  .unknown()
  .meta({ id: 'Document', description: 'The document as it stands in its row.' });

const summaryItem = z
  .object({ topic: topicName, body: summaryAnswer, version })
  .meta({ id: 'Summary', description: 'A document in one scope.' });

export const topicsAnswer = z
  .object({ topics: z.array(z.union([counterAnswer, summaryItem])) })
  .meta({ id: 'Topics', description: 'In the order asked for, each once.' });

export const problemAnswer = z
  .object({
    type: z.string().meta({ description: 'Stable: programs compare this.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Each wrong field of the request.' }),
    topics: z.array(z.string()).optional().meta({ description: 'The topics that it is about.' }),
    requestId: z.string().optional().meta({ description: 'Find it in the log of the server.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });
