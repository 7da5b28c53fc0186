import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { CompactSign, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { freePort } from './ports.js';

/** Long enough for HS256. */
export const SECRET = 'a secret for tests, which nobody else may know';

export type Claims = {
  readonly sub?: string;
  readonly roles?: readonly string[];
  /** Seconds from now; null leaves `exp` out. */
  readonly expiresIn?: number | null;
  readonly [claim: string]: unknown;
};

const HOUR_S = 3600;

/** In whole seconds, as tokens have it: a token of `expiresIn` 2 lives for 2 to 3 seconds. */
function claimSet({ expiresIn = HOUR_S, ...claims }: Claims): Record<string, unknown> {
  if (expiresIn === null) return claims;
  return { ...claims, exp: Math.ceil(Date.now() / 1000) + expiresIn };
}

export async function token(claims: Claims, secret = SECRET): Promise<string> {
  return await new SignJWT(claimSet(claims))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));
}

/** Signed as it stands: JSON can say what no number of JavaScript is. */
export async function rawToken(payload: string): Promise<string> {
  return await new CompactSign(new TextEncoder().encode(payload))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
}

/** As a forger writes it: three parts, and no signature or one of his own. */
export function forged(header: object, claims: Claims, signature = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claimSet(claims))}.${signature}`;
}

export type KeySet = {
  readonly url: string;
  readonly publicKey: string;
  sign(claims: Claims): Promise<string>;
};

/** Somebody's sign-in service: it publishes its key and signs tokens with it. */
export async function keySet(
  t: ExecutionContext<unknown>,
  alg: 'RS256' | 'ES256',
): Promise<KeySet> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: 'one', alg, use: 'sig' };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key] }));
  });
  server.listen(await freePort(), '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/keys.json`,
    publicKey: JSON.stringify(key),
    sign: (claims) =>
      new SignJWT(claimSet(claims)).setProtectedHeader({ alg, kid: 'one' }).sign(privateKey),
  };
}
