import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { write } from '../kit/write.js';
import { count, givenId, moment, numbered, said, tag } from './shapes.js';

/** What waits for somebody: notifications and direct messages. */

const upTo = z.strictObject({
  upTo: givenId.optional().meta({ description: 'The last one you saw; without it, all.' }),
});
export const directMessage = z
  .object({
    id: z.int(),
    conversationId: z.int(),
    senderId: z.guid(),
    body: z.string(),
    sentAt: moment,
  })
  .meta({ id: 'DirectMessage', description: 'What one wrote to the other.' });

export const inboxWrites: readonly AppRoute[] = [
  write({
    ...{ id: 'read-notifications', method: 'post', path: '/api/notifications/read', tag },
    summary: 'Say that you have read your notifications',
    may: 'signed-in',
    body: upTo,
    answer: z.object({ unread: count }),
    call: 'community.read_notifications(p_me => $1, p_up_to => $2)',
    values: ({ me, body }) => [me, body.upTo],
  }),
  write({
    ...{ id: 'send-message', method: 'post', path: '/api/direct-messages', tag },
    summary: 'Write to somebody',
    may: 'signed-in',
    body: z.strictObject({ to: z.guid(), body: said }),
    status: 201,
    answer: directMessage,
    call: 'community.send_message(p_me => $1, p_to => $2, p_body => $3)',
    values: ({ me, body }) => [me, body.to, body.body],
  }),
  write({
    ...{ id: 'read-conversation', method: 'post', tag },
    path: '/api/direct-messages/conversations/{id}/read',
    summary: 'Say that you have read a conversation',
    may: 'signed-in',
    inPath: numbered,
    body: upTo,
    answer: z.object({ conversationId: z.int(), unread: count, unreadInAll: count }),
    call: 'community.read_conversation(p_me => $1, p_conversation => $2, p_up_to => $3)',
    values: ({ me, path, body }) => [me, path.id, body.upTo],
  }),
];
