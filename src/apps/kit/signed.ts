import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RouterContext } from '@koa/router';
import { Problem } from '../../http/problems.js';
import type { AppRouteDeps } from './app.js';

export const SIGNATURE_HEADER = 'X-Hub-Signature-256';

const SIGNATURE = /^sha256=([0-9a-f]{64})$/i;

/** Refuses what is not signed with WEBHOOK_SECRET, byte for byte, as Meta signs. */
export function refuseUnsigned(
  ctx: RouterContext,
  bytes: Buffer,
  { webhookSecret }: AppRouteDeps,
): void {
  if (webhookSecret === undefined) {
    // No 4xx: whoever sends keeps what he has for later, and nothing is lost.
    throw new Problem('webhooks-off', 'This server has no WEBHOOK_SECRET to check them with.');
  }
  const [, hex] = SIGNATURE.exec(ctx.get(SIGNATURE_HEADER)) ?? [];
  const wanted = createHmac('sha256', webhookSecret).update(bytes).digest();
  if (hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), wanted)) return;
  const detail =
    hex === undefined
      ? `Sign the body: ${SIGNATURE_HEADER}: sha256=HEX, its HMAC-SHA256 with the secret.`
      : `${SIGNATURE_HEADER} is not the HMAC-SHA256 of these bytes with the secret.`;
  throw new Problem('unauthenticated', detail, {
    headers: { 'WWW-Authenticate': SIGNATURE_HEADER },
  });
}
