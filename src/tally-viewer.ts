import { z } from 'zod';
import type { Authenticate } from './http/auth.js';
import { unauthenticated } from './http/failures.js';
import type { Viewer } from './live/audience.js';

/** The message of a check completes "a viewer whose …". */
const viewer = z.object(
  {
    subject: z.string('subject is not a string'),
    // Roles in one string would be looked for within it: `administrator` has `admin` in it.
    roles: z.array(z.string(), 'roles are not an array of strings').nullish(),
    expiresAt: z.number('expiresAt is not a finite number of ms since 1970').nullish(),
  },
  'type is not an object',
);

/** A host application's own idea of nobody, and of somebody without roles, is taken as meant. */
export function checked(authenticate: Authenticate): Authenticate {
  return async (ctx) => {
    const said: unknown = await authenticate(ctx);
    return said === null || said === undefined ? undefined : viewerOf(said);
  };
}

function viewerOf(said: unknown): Viewer {
  const parsed = viewer.safeParse(said);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const what = issue?.path[0] === 'roles' ? 'roles are not an array of strings' : issue?.message;
    throw new TypeError(`authenticate returned a viewer whose ${what}`);
  }
  const { subject, roles, expiresAt } = parsed.data;
  if (typeof expiresAt === 'number' && expiresAt <= Date.now()) {
    throw unauthenticated('The session has ended: sign in again.', 'invalid_token');
  }
  return { subject, roles: roles ?? [], expiresAt: expiresAt ?? Number.POSITIVE_INFINITY };
}
