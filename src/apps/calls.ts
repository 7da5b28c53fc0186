import { z } from 'zod';
import { topicText } from '../live/topic.js';
import type { App } from './kit/app.js';
import type { Asker } from './kit/asking.js';
import { rowId } from './kit/digits.js';
import { page } from './kit/page.js';
import { shown } from './kit/shown.js';
import { write } from './kit/write.js';

/** Invitations to calls, which are over after a while, whoever looks. */

const tag = 'calls';
const SECONDS = { least: 5, usual: 60, most: 3600 } as const;
const inPath = z.object({ id: rowId.meta({ description: 'The invitation.' }) });
const inQuery = z.object({
  before: rowId.optional().meta({ description: 'The last one of the page before.' }),
});
const status = z.enum(['pending', 'accepted', 'declined', 'cancelled', 'expired']);
const invitation = z
  .object({
    id: z.int(),
    callerId: z.guid(),
    receiverId: z.guid(),
    roomId: z.int(),
    status,
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Invitation', description: 'Somebody calls somebody into a room.' });
const where = { roomId: z.int(), roomName: z.string(), matchTitle: z.string() };
const times = { createdAt: z.iso.datetime(), expiresAt: z.iso.datetime() };
const pending = z
  .object({
    invitations: z.array(
      z.object({ id: z.int(), callerId: z.guid(), callerName: z.string(), ...where, ...times }),
    ),
  })
  .meta({ id: 'PendingInvitations', description: 'Who calls you, soonest to expire first.' });
const sent = z
  .object({
    invitations: z.array(
      z.object({
        ...{ id: z.int(), receiverId: z.guid(), receiverName: z.string(), ...where, status },
        ...{ ...times, endedAt: z.iso.datetime().nullable() },
      }),
    ),
  })
  .meta({ id: 'SentInvitations', description: 'Whom you called, newest first.' });
const rooms = z
  .object({
    rooms: z.array(
      z.object({ id: z.int(), name: z.string(), matchId: z.int(), matchTitle: z.string() }),
    ),
  })
  .meta({ id: 'Rooms', description: 'Where calls take place, newest first.' });

/** Whose scope is no user's has no document, and is called by nobody. */
const NOBODY_CALLS = '{"invitations":[]}';

const whoCalls = ({ me }: Asker) => ({ name: 'call_invitations', scope: me ?? '' });

/** The receiver's answer, or the caller's second thoughts. */
function ends(verb: 'accept' | 'decline' | 'cancel', summary: string, to: string) {
  return write({
    ...{ id: `${verb}-invitation`, method: 'post', tag, summary },
    path: `/calls/invitations/{id}/${verb}`,
    may: 'signed-in',
    inPath,
    answer: invitation,
    problems: ['conflict'],
    call: `calls.end_invitation(p_me => $1, p_invitation => $2, p_status => '${to}')`,
    values: ({ me, path }) => [me, path.id],
  });
}

export const calls: App = {
  schema: 'calls',
  routes: [
    write({
      ...{ id: 'invite', method: 'post', path: '/calls/invitations', tag },
      summary: 'Call somebody into a room, once at a time',
      may: 'signed-in',
      body: z.strictObject({
        receiverId: z.guid(),
        roomId: z.int().positive(),
        expiresInSeconds: z.int().min(SECONDS.least).max(SECONDS.most).default(SECONDS.usual),
      }),
      status: 201,
      answer: invitation,
      problems: ['conflict'],
      call: 'calls.invite(p_me => $1, p_receiver => $2, p_room => $3, p_seconds => $4)',
      values: ({ me, body }) => [me, body.receiverId, body.roomId, body.expiresInSeconds],
    }),
    ends('accept', 'Answer somebody who calls you, while there is time', 'accepted'),
    ends('decline', 'Turn somebody down who calls you', 'declined'),
    ends('cancel', 'Call somebody no more', 'cancelled'),
    page({
      ...{ id: 'pending-invitations', path: '/calls/invitations/pending', tag },
      summary: 'Who calls you, soonest to expire first, none that has expired; a hundred at most',
      may: 'signed-in',
      answer: pending,
      call: 'calls.pending_invitations(p_me => $1)',
      values: ({ me }) => [me],
    }),
    shown({
      ...{ id: 'pending-invitations', path: '/calls/invitations/pending', tag },
      summary: 'Who calls you',
      may: 'signed-in',
      only: 'stream',
      answer: pending,
      topics: (asker) => [whoCalls(asker)],
      compose: (asker) => (values) => {
        const document = values.get(topicText(whoCalls(asker)));
        return document === 'null' ? NOBODY_CALLS : document;
      },
    }),
    page({
      ...{ id: 'sent-invitations', path: '/calls/invitations/sent', tag },
      summary: 'Whom you called, newest first, 50 a page',
      may: 'signed-in',
      inQuery,
      answer: sent,
      call: 'calls.sent_invitations(p_me => $1, p_before => $2)',
      values: ({ me, query }) => [me, query.before],
    }),
    page({
      ...{ id: 'rooms', path: '/calls/rooms', tag },
      summary: 'Where you can call somebody to, newest first, 50 a page',
      may: 'signed-in',
      inQuery,
      answer: rooms,
      call: 'calls.list_rooms(p_before => $1)',
      values: ({ query }) => [query.before],
    }),
  ],
};
