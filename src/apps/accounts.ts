import { z } from 'zod';
import type { App } from './kit/app.js';
import { cursor, next } from './kit/cursor.js';
import { page } from './kit/page.js';
import { text } from './kit/text.js';
import { write } from './kit/write.js';

/** Who signs up waits until an admin says yes or no. Its numbers are shown by leads. */

const tag = 'accounts';
const userPath = z.object({ id: z.guid().meta({ description: 'The user.' }) });
const person = z
  .object({ id: z.guid(), email: z.string(), name: z.string(), signedUpAt: z.iso.datetime() })
  .meta({ id: 'PendingUser', description: 'Somebody who waits to be let in.' });
const standing = z
  .object({ id: z.guid(), status: z.enum(['pending', 'approved', 'rejected']) })
  .meta({ id: 'UserStanding', description: 'A user, and whether he is let in.' });

export const accounts: App = {
  schema: 'accounts',
  routes: [
    write({
      ...{ id: 'sign-up', method: 'post', path: '/auth/signup', tag },
      summary: 'Sign up: an admin will say yes or no',
      may: 'anybody',
      body: z.strictObject({
        email: z.email().max(254),
        name: text.min(1).max(200),
      }),
      status: 201,
      answer: standing,
      problems: ['conflict'],
      call: 'accounts.sign_up(p_email => $1, p_name => $2)',
      values: ({ body }) => [body.email, body.name],
    }),
    page({
      ...{ id: 'pending-users', path: '/admin/pending-users', tag },
      summary: 'Who waits to be let in, longest first',
      may: 'role:admin',
      inQuery: z.object({ after: cursor }),
      answer: z.object({ users: z.array(person), next }).meta({ id: 'PendingUsers' }),
      call: 'accounts.pending_users(p_after => $1)',
      values: ({ query }) => [query.after],
    }),
    write({
      ...{ id: 'approve-user', method: 'post', path: '/admin/pending-users/{id}/approve', tag },
      summary: 'Let somebody in',
      may: 'role:admin',
      inPath: userPath,
      answer: standing,
      problems: ['conflict'],
      call: "accounts.decide(p_me => $1, p_user => $2, p_status => 'approved')",
      values: ({ me, path }) => [me, path.id],
    }),
    write({
      ...{ id: 'reject-user', method: 'delete', path: '/admin/pending-users/{id}/reject', tag },
      summary: 'Turn somebody down',
      may: 'role:admin',
      inPath: userPath,
      answer: standing,
      problems: ['conflict'],
      call: "accounts.decide(p_me => $1, p_user => $2, p_status => 'rejected')",
      values: ({ me, path }) => [me, path.id],
    }),
  ],
};
