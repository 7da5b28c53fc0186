import type { IncomingMessage, ServerResponse } from 'node:http';
import Cookies from 'cookies';
import type Koa from 'koa';
import type { Viewer } from '../live/audience.js';
import { unauthenticated } from './failures.js';
import { Problem } from './problems.js';
import type { Verify } from './token.js';

/** Says who asks; undefined is nobody in particular. A wrong token throws: it is never nobody. */
export type Authenticate = (ctx: Koa.Context) => Viewer | undefined | Promise<Viewer | undefined>;

/** The same by a token, which needs no Koa. */
export type Identify = (
  req: IncomingMessage,
  res: ServerResponse,
) => Viewer | undefined | Promise<Viewer | undefined>;

/** EventSource can send a cookie, but no header. */
export const TOKEN_COOKIE = 'tally_token';

const BEARER = /^Bearer +([^\s]+) *$/i;
const ADMIN = 'admin';

export function identifier(verify: Verify | undefined): Identify {
  return (req, res) => {
    const token = tokenOf(req, res);
    if (token === undefined) return undefined;
    if (verify !== undefined) return verify(token);
    throw unauthenticated(
      'The token cannot be checked: this server has no key (TALLY_JWT_SECRET or TALLY_JWKS_URL).',
      'invalid_token',
    );
  };
}

/** The header wins over the cookie: whoever sets it means this request. */
function tokenOf(req: IncomingMessage, res: ServerResponse): string | undefined {
  const { authorization, cookie } = req.headers;
  if (authorization !== undefined) {
    const token = BEARER.exec(authorization)?.[1];
    if (token !== undefined) return token;
    throw unauthenticated('The Authorization header is not: Bearer TOKEN.', 'invalid_token');
  }
  if (cookie === undefined || !cookie.includes(TOKEN_COOKIE)) return undefined;
  // An emptied cookie is how some applications sign out.
  return new Cookies(req, res).get(TOKEN_COOKIE) || undefined;
}

export async function demandAdmin(authenticate: Authenticate, ctx: Koa.Context): Promise<void> {
  const viewer = await authenticate(ctx);
  if (viewer === undefined) throw unauthenticated('This is for the role admin: send a token.');
  if (!viewer.roles.includes(ADMIN)) throw new Problem('forbidden', 'This is for the role admin.');
}
