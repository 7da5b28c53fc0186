import { z } from 'zod';
import type { AppRoute } from '../kit/app.js';
import { write } from '../kit/write.js';
import { count, numbered, ofUser, said, tag } from './shapes.js';

/** Whom somebody follows, and what he tells the admins. */

const followed = z
  .object({ id: z.guid(), following: z.boolean(), followers: count })
  .meta({ id: 'UserFollow', description: 'Whether you follow somebody, and how many do.' });
const feedback = z
  .object({ id: z.int(), status: z.enum(['pending', 'handled']) })
  .meta({ id: 'FeedbackStanding', description: 'Whether an admin has seen to it.' });

export const peopleWrites: readonly AppRoute[] = [
  write({
    ...{ id: 'follow-user', method: 'put', path: '/api/users/{id}/follow', tag },
    summary: 'Follow somebody; twice is once',
    may: 'signed-in',
    inPath: ofUser,
    answer: followed,
    call: 'community.follow(p_me => $1, p_user => $2, p_wanted => true)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'leave-user', method: 'delete', path: '/api/users/{id}/follow', tag },
    summary: 'Follow somebody no longer',
    may: 'signed-in',
    inPath: ofUser,
    answer: followed,
    call: 'community.follow(p_me => $1, p_user => $2, p_wanted => false)',
    values: ({ me, path }) => [me, path.id],
  }),
  write({
    ...{ id: 'give-feedback', method: 'post', path: '/api/feedback', tag },
    summary: 'Tell the admins something',
    may: 'signed-in',
    body: z.strictObject({ body: said }),
    status: 201,
    answer: feedback,
    call: 'community.give_feedback(p_me => $1, p_body => $2)',
    values: ({ me, body }) => [me, body.body],
  }),
  write({
    ...{ id: 'handle-feedback', method: 'post', path: '/api/feedback/{id}/handle', tag },
    summary: 'Say that feedback is seen to; twice is once',
    may: 'role:admin',
    inPath: numbered,
    answer: feedback,
    call: 'community.handle_feedback(p_feedback => $1)',
    values: ({ path }) => [path.id],
  }),
];
