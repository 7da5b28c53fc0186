import { z } from 'zod';
import type { App } from './kit/app.js';
import { instant } from './kit/instant.js';
import { page } from './kit/page.js';
import { shown } from './kit/shown.js';
import { refuseUnsigned, SIGNATURE_HEADER } from './kit/signed.js';
import { write } from './kit/write.js';

/** Direct messages, as a webhook reports them, and the statistics of them for admins. */

const tag = 'messages';

const sentAt = instant.refine((at) => at >= '2010', 'is before 2010');
const message = z.strictObject({
  id: z.string().min(1).max(255),
  accountId: z.string().min(1).max(100),
  status: z.enum(['sent', 'delivered', 'read', 'failed']).optional(),
  sentAt,
});
const recorded = z
  .object({
    received: z.int(),
    new: z.int().meta({ description: 'Not heard of before.' }),
    moved: z.int().meta({ description: 'Known, and further now.' }),
  })
  .meta({ id: 'RecordedMessages', description: 'What a batch of messages has changed.' });
const byStatus = z
  .object({
    messages: z.int().meta({ description: 'All four together.' }),
    sent: z.int(),
    delivered: z.int(),
    read: z.int(),
    failed: z.int(),
  })
  .meta({ id: 'MessagesByStatus', description: 'Each message once, where it has come to.' });
const stats = z
  .object({
    total: byStatus,
    today: byStatus,
    thisHour: byStatus,
    accounts: z
      .array(z.object({ accountId: z.string(), messages: z.int() }))
      .meta({ description: 'The 50 with the most messages, most first.' }),
    lastHour: z.object({
      from: z.iso.datetime().meta({ description: 'The first of the minutes.' }),
      perMinute: z
        .array(z.int())
        .meta({ description: '60 numbers, oldest first; the last is of the minute that runs.' }),
    }),
  })
  .meta({ id: 'MessageStats', description: 'By the time of sending; day and hour in UTC.' });

export const messages: App = {
  schema: 'messages',
  routes: [
    write({
      ...{ id: 'instagram-webhook', method: 'post', path: '/webhooks/instagram', tag },
      summary: 'Take down messages and how far they have come',
      may: 'anybody',
      body: z.strictObject({ messages: z.array(message).min(1).max(1000) }),
      inHeaders: { [SIGNATURE_HEADER]: 'sha256= and the HMAC-SHA256 of the body, in hex.' },
      authorize: refuseUnsigned,
      answer: recorded,
      problems: ['webhooks-off'],
      call: 'messages.record(p_messages => $1)',
      values: ({ body }) => [JSON.stringify(body.messages)],
    }),
    // Not from the summary, which is as much as its settle behind: whoever has just sent messages
    // finds them counted.
    page({
      ...{ id: 'message-stats', path: '/api/admin/stats', tag },
      summary: 'The statistics of all messages',
      may: 'role:admin',
      answer: stats,
      call: "messages.stats(scope => '')",
      values: () => [],
    }),
    shown({
      ...{ id: 'message-stats', path: '/api/admin/stats', tag },
      summary: 'The statistics of all messages',
      may: 'role:admin',
      answer: stats,
      only: 'stream',
      topics: () => [{ name: 'message_stats', scope: '' }],
      compose: () => (values) => values.get('message_stats'),
    }),
  ],
};
