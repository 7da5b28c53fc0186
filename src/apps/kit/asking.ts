import type { RouterContext } from '@koa/router';
import { z } from 'zod';
import { unauthenticated } from '../../http/failures.js';
import { Problem } from '../../http/problems.js';
import type { Viewer } from '../../live/audience.js';
import type { AppRouteDeps } from './app.js';

/** Who may ask at all; whose a row is, SQL decides. */
export type May = 'anybody' | 'signed-in' | `role:${string}`;

/** Who asks: null is nobody in particular, which only happens where anybody may. */
export type Asker = { readonly me: string | null; readonly roles: readonly string[] };

/**
 * Any that PostgreSQL takes, whatever version its digits claim, and as it writes them: a topic's scope
 * is text, and the same id in capitals is another one.
 */
const userId = z.guid().lowercase();

export async function askerOf(ctx: RouterContext, may: May, deps: AppRouteDeps): Promise<Asker> {
  return admit(await deps.authenticate(ctx), may);
}

export function admit(viewer: Viewer | undefined, may: May): Asker {
  // Somebody of another house may read what anybody may.
  const isNobody = viewer === undefined || !userId.safeParse(viewer.subject).success;
  if (may === 'anybody' && isNobody) return { me: null, roles: [] };
  if (viewer === undefined) {
    throw unauthenticated('This is for those who are signed in: send a token.');
  }
  const { subject, roles } = viewer;
  if (may.startsWith('role:') && !roles.includes(may.slice('role:'.length))) {
    throw new Problem('forbidden', `This is for the role ${may.slice('role:'.length)}.`);
  }
  if (isNobody) {
    throw new Problem(
      'forbidden',
      "The token's sub is not the id of a user, which is a uuid in lower case.",
    );
  }
  return { me: subject, roles };
}

/** A page of another origin can make a browser send its cookie along, but not hide where it is. */
export function refuseForeignPages(ctx: RouterContext, { corsOrigins }: AppRouteDeps): void {
  const origin = ctx.get('Origin');
  if (origin === '' || corsOrigins.includes(origin)) return;
  if (URL.canParse(origin) && new URL(origin).host === ctx.host) return;
  const detail = `Pages of ${origin} may not write here (TALLY_CORS_ORIGINS).`;
  throw new Problem('forbidden', detail);
}

export function signedIn(may: May): 'may' | 'must' | 'admin' {
  if (may === 'anybody') return 'may';
  return may === 'role:admin' ? 'admin' : 'must';
}
