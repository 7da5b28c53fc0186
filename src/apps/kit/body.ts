import type { RouterContext } from '@koa/router';
import { invalid, Problem } from '../../http/problems.js';

/** A webhook's thousand messages fit; nothing else comes near. */
const BODY_BYTES_MAX = 1_048_576;

/** Of who sends a body only when he is told that it is wanted, as Node looks for it. */
const CONTINUES = /(?:^|\W)100-continue(?:$|\W)/i;

/** The bytes of a request that says it is JSON. */
export async function bytesOf(ctx: RouterContext): Promise<Buffer> {
  if (ctx.is('json') !== 'json') {
    const detail = 'Send the body with Content-Type: application/json.';
    throw new Problem('unsupported-media-type', detail);
  }
  const encoding = ctx.get('Content-Encoding');
  if (encoding !== '' && encoding !== 'identity') {
    throw new Problem('unsupported-media-type', 'Send the body as it is, with no encoding.');
  }
  if (Number(ctx.get('Content-Length')) > BODY_BYTES_MAX) throw tooLarge();
  const { httpVersion } = ctx.req;
  if (httpVersion === '1.1' && CONTINUES.test(ctx.get('Expect'))) ctx.res.writeContinue();
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of ctx.req as AsyncIterable<Buffer>) {
      length += part.length;
      if (length > BODY_BYTES_MAX) throw tooLarge();
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Problem) throw error;
    // Nobody is there any more to hear of it.
    const detail = 'The connection ended before the body did.';
    throw new Problem('malformed-request', detail, { cause: error });
  }
  return Buffer.concat(parts);
}

export function jsonOf(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // Only an escape can stand for NUL or half a pair.
    if (!text.includes('\\u')) return JSON.parse(text);
    return JSON.parse(text, (_key, value: unknown) => {
      // PostgreSQL's text holds neither.
      if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
        throw new TypeError('a text holds NUL or half a surrogate pair');
      }
      return value;
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalid([{ field: 'body', message: `is not JSON in UTF-8: ${why}` }]);
  }
}

function tooLarge(): Problem {
  return new Problem('body-too-large', `A body is at most ${BODY_BYTES_MAX} bytes.`);
}
