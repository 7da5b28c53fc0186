import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { rowId } from '../kit/digits.js';
import { page } from '../kit/page.js';
import { directMessage } from './inbox.js';
import { introRequest, investor } from './investors.js';
import { chainCard, count, moment, numbered, person, projectCard, tag } from './shapes.js';

/** What somebody sees of his own: all at once at the start, or list by list. */

const before = z.object({
  after: rowId.optional().meta({ description: 'The last one of the page before.' }),
});
const byState = z.object({ pending: count, accepted: count, declined: count });
const notification = z
  .object({
    id: z.int(),
    kind: z.string(),
    link: z.string().meta({ description: 'The path of what it is about.' }),
    actor: person.nullable(),
    createdAt: moment,
    readAt: moment.nullable(),
  })
  .meta({ id: 'Notification', description: 'What happened.' });
const conversation = z
  .object({ id: z.int(), with: person, unread: count, lastMessage: directMessage.nullable() })
  .meta({ id: 'Conversation', description: 'Two people, and what was said last.' });
const mine = {
  stats: z
    .object({
      projects: count,
      comments: count,
      badges: count,
      votesReceived: count,
      followers: count,
      following: count,
      introsSent: byState,
      introsReceived: byState,
    })
    .meta({ id: 'OwnStats', description: 'Your own numbers.' }),
  unread: z.object({ notifications: count, messages: count }),
  myProjects: z.array(projectCard),
};

export const ownPages: readonly AppRoute[] = [
  page({
    ...{ id: 'bootstrap', path: '/api/prefetch/bootstrap', tag },
    summary: 'All that an application shows at its start, in one query',
    may: 'signed-in',
    answer: z
      .object({
        ...mine,
        notifications: z.array(notification),
        conversations: z.array(conversation),
        trendingChains: z.array(chainCard),
      })
      .meta({ id: 'Bootstrap', description: 'All at once.' }),
    call: 'community.bootstrap(p_me => $1)',
    values: ({ me }) => [me],
  }),
  page({
    ...{ id: 'dashboard-data', path: '/api/prefetch/dashboard-data', tag },
    summary: 'Your dashboard, with a part for each role that you have',
    may: 'signed-in',
    answer: z
      .object({
        ...mine,
        admin: z
          .object({
            pendingFeedback: count,
            pendingUsers: count,
            intros: byState,
            totals: z.object({ members: count, projects: count, chains: count, investors: count }),
            feedback: z.array(
              z.object({ id: z.int(), author: person, body: z.string(), createdAt: moment }),
            ),
            pendingIntros: z.array(introRequest),
          })
          .nullable(),
        investor: z
          .object({
            introsReceived: z.array(introRequest),
            introsSent: z.array(introRequest),
            entry: investor.nullable(),
          })
          .nullable(),
        validator: z
          .object({
            badgesAwarded: count,
            newestBadges: z.array(
              z.object({
                projectId: z.int(),
                title: z.string(),
                note: z.string(),
                awardedAt: moment,
              }),
            ),
          })
          .nullable(),
      })
      .meta({ id: 'DashboardData', description: 'A dashboard.' }),
    call: 'community.dashboard_data(p_me => $1, p_roles => $2)',
    values: ({ me, roles }) => [me, roles],
  }),
  page({
    ...{ id: 'notifications', path: '/api/notifications', tag },
    summary: 'Your notifications, newest first, 20 a page',
    may: 'signed-in',
    inQuery: before,
    answer: z
      .object({ unread: count, notifications: z.array(notification) })
      .meta({ id: 'Notifications', description: 'What happened, and how much of it is unread.' }),
    call: 'community.notifications_page(p_me => $1, p_after => $2)',
    values: ({ me, query }) => [me, query.after],
  }),
  page({
    ...{ id: 'conversations', path: '/api/direct-messages/conversations', tag },
    summary: 'Your conversations, the liveliest first, 20 a page',
    may: 'signed-in',
    inQuery: z.object({
      after: rowId
        .optional()
        .meta({ description: 'The last `lastMessage.id` of the page before.' }),
    }),
    answer: z
      .object({ unread: count, conversations: z.array(conversation) })
      .meta({ id: 'Conversations', description: 'With whom you write.' }),
    call: 'community.conversations_page(p_me => $1, p_after => $2)',
    values: ({ me, query }) => [me, query.after],
  }),
  page({
    ...{ id: 'messages-of', path: '/api/direct-messages/conversations/{id}', tag },
    summary: 'What was said in a conversation of yours, newest first, 20 a page',
    may: 'signed-in',
    inPath: numbered,
    inQuery: before,
    answer: z.object({ messages: z.array(directMessage) }),
    call: 'community.messages_page(p_me => $1, p_conversation => $2, p_after => $3)',
    values: ({ me, path, query }) => [me, path.id, query.after],
  }),
];
