import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { RouterContext } from '@koa/router';
import { setSecurityHeaders } from './answering.js';
import { encodedTag, hasAlready, knownTag } from './conditional.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Characters of base64url: 96 bits, so that no two answers ever share a tag. */
const DIGEST_LENGTH = 16;

export type Conditional = {
  readonly etag: string;
  readonly body: string;
  readonly isPublic: boolean;
};

/**
 * It may be kept, but is asked for again each time, so nobody ever shows what no longer holds.
 * What is not public must not be shown to the next user of the same browser or proxy either.
 */
export function sendConditionally(ctx: RouterContext, { etag, body, isPublic }: Conditional): void {
  const { req, res } = ctx;
  setSecurityHeaders(res);
  res.setHeader('ETag', etag);
  res.setHeader('Cache-Control', cacheControl(isPublic));
  if (!isPublic) res.setHeader('Vary', variesBy(res));
  if (hasAlready(req.headers['if-none-match'], etag)) {
    res.setHeader('ETag', knownTag(req.headers['if-none-match'], etag));
    ctx.status = 304;
    return;
  }
  res.setHeader('Content-Type', JSON_TYPE);
  ctx.body = body;
}

export function cacheControl(isPublic: boolean): string {
  return isPublic ? 'public, no-cache' : 'private, no-cache';
}

/** For the tag of an answer that has no version of its own. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, DIGEST_LENGTH);
}

export function sendJson(ctx: RouterContext, body: unknown, status = 200): void {
  setSecurityHeaders(ctx.res);
  ctx.res.setHeader('Content-Type', JSON_TYPE);
  ctx.res.setHeader('Cache-Control', 'no-store');
  ctx.status = status;
  ctx.body = JSON.stringify(body);
}

/** Compressed bytes are another representation, which a strong tag has to tell apart. */
export function tagEncoding(ctx: RouterContext): void {
  const encoding = ctx.response.get('Content-Encoding');
  const etag = ctx.response.get('ETag');
  if (typeof encoding !== 'string' || typeof etag !== 'string' || etag === '') return;
  if (encoding !== '')
    ctx.res.setHeader('ETag', encodedTag(etag, encoding === 'gzip' ? 'gzip' : 'br'));
}

export const VARIES_BY = 'Authorization, Cookie';

/** CORS or compression may have said something before. */
function variesBy(res: ServerResponse): string {
  const said = res.getHeader('Vary');
  return said === undefined ? VARIES_BY : `${said}, ${VARIES_BY}`;
}
