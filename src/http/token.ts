import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { z } from 'zod';
import { messageOf } from '../errors.js';
import type { Viewer } from '../live/audience.js';
import type { Observe } from '../observation.js';
import { unauthenticated } from './failures.js';
import { Problem } from './problems.js';

/** Of another clock than ours. Not granted to `exp`: that would lengthen every token's life. */
const CLOCK_TOLERANCE_S = 5;
const TOKEN_BYTES_MAX = 8192;

const JWKS_TIMEOUT_MS = 5000;
/** An unknown `kid` asks for the keys anew, but not more often: anybody can make up a `kid`. */
const JWKS_COOLDOWN_MS = 30_000;
/** How long a key that was taken back is still believed. */
const JWKS_AGE_MS_MAX = 600_000;

/** One outage concerns every request: it is said this often. */
const JWKS_REPEAT_MS = 60_000;

/** Checking a signature takes longer than all else in a read, and tabs send the same one again. */
const REMEMBERED_MAX = 5000;
const REMEMBERED_MS = 30_000;
const REMEMBERED_LENGTH_MAX = 2048;

/** Dates of JavaScript end here; a token that says for ever means it. */
const DATE_MS_MAX = 8.64e15;

/** JSON's 1e400 is no finite number, and a sub of 42 is there all the same. */
function wrong(claim: string, kind: string) {
  return ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? `has no ${claim}` : `has a claim ${claim} that is no ${kind}`;
}

const claims = z.object({
  sub: z
    .string({ error: wrong('sub', 'string') })
    .min(1, 'has an empty sub')
    .max(512, 'has a sub above 512 characters'),
  roles: z
    .array(z.string('has roles that are not strings'), 'has roles that are no array')
    .default([]),
  exp: z.number({ error: wrong('exp', 'finite number') }),
  iat: z.number('has an iat that is no number').optional(),
});

export type Verify = (token: string) => Promise<Viewer>;

export type Keys = { readonly jwtSecret: string | undefined; readonly jwksUrl: string | undefined };

/** Undefined where neither key is set: then no token can be right. */
export function verifier({ jwtSecret, jwksUrl }: Keys, observe: Observe): Verify | undefined {
  if (jwtSecret !== undefined) {
    const secret = new TextEncoder().encode(jwtSecret);
    const key = crypto.subtle.importKey('raw', secret, HMAC, false, ['verify']);
    return remembering((token) => check(token, async () => await key, ['HS256']));
  }
  if (jwksUrl === undefined) return undefined;
  const keys = createRemoteJWKSet(new URL(jwksUrl), {
    timeoutDuration: JWKS_TIMEOUT_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    cacheMaxAge: JWKS_AGE_MS_MAX,
  });
  const complain = complainer(observe);
  return remembering(async (token) => {
    try {
      return await check(token, keys, ['RS256', 'ES256']);
    } catch (error) {
      if (error instanceof Problem && error.kind === 'keys-unavailable') complain(error.cause);
      throw error;
    }
  });
}

function complainer(observe: Observe): (cause: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (cause) => {
    if (performance.now() - saidAt < JWKS_REPEAT_MS) return;
    saidAt = performance.now();
    // fetch says only that it failed; why is what it was caused by.
    const inner = cause instanceof Error && cause.cause instanceof Error ? [cause.cause] : [];
    const why = [cause, ...inner].map(messageOf).join(': ');
    const message = `the keys at TALLY_JWKS_URL could not be fetched: ${why}; tokens are a 503`;
    observe({ kind: 'trouble', where: 'keys', message });
  };
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' };

async function check(token: string, key: JWTVerifyGetKey, algorithms: string[]): Promise<Viewer> {
  if (token.length > TOKEN_BYTES_MAX) {
    throw bad(`is longer than ${TOKEN_BYTES_MAX} bytes`);
  }
  try {
    const options = { algorithms, clockTolerance: CLOCK_TOLERANCE_S };
    const { payload } = await jwtVerify(token, key, options);
    return viewerOf(payload);
  } catch (error) {
    throw error instanceof Problem ? error : explain(error, algorithms);
  }
}

function viewerOf(payload: JWTPayload): Viewer {
  const parsed = claims.safeParse(payload);
  if (!parsed.success) throw bad(parsed.error.issues[0]?.message ?? 'has claims of another kind');
  const { sub, roles, exp, iat } = parsed.data;
  const nowS = Date.now() / 1000;
  if (exp <= nowS) throw bad('has expired: get a new one');
  if (iat !== undefined && iat > nowS + CLOCK_TOLERANCE_S) {
    throw bad('was issued in the future: compare the clocks of both servers');
  }
  return { subject: sub, roles, expiresAt: Math.min(exp * 1000, DATE_MS_MAX) };
}

/** Says what to mend, and nothing of keys or of what the token holds. */
function explain(error: unknown, algorithms: readonly string[]): Problem {
  if (error instanceof errors.JWTExpired) return bad('has expired: get a new one');
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' && error.reason === 'check_failed'
      ? bad('is not valid yet: compare the clocks of both servers')
      : bad(`has a wrong ${error.claim}`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return bad(`is signed another way than with ${algorithms.join(' or ')}`);
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return bad('is not signed with the key of this server');
  }
  if (error instanceof errors.JWKSNoMatchingKey) return bad('is signed with an unknown key');
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return bad('does not say which of several keys signed it (kid)');
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return bad('is not a JWT');
  }
  if (error instanceof errors.JOSENotSupported) return bad('asks for what is not supported (crit)');
  return new Problem('keys-unavailable', 'The keys that sign tokens could not be fetched.', {
    headers: { 'Retry-After': '5' },
    cause: error,
  });
}

function bad(what: string): Problem {
  return unauthenticated(`The token ${what}.`, 'invalid_token');
}

/** For half a minute at most, so that a key that was taken back is not believed for long. */
function remembering(verify: Verify): Verify {
  const known = new Map<string, { viewer: Viewer; untilMs: number }>();
  return async (token) => {
    const nowMs = Date.now();
    const found = known.get(token);
    if (found !== undefined && nowMs < found.untilMs) return found.viewer;
    known.delete(token);
    const viewer = await verify(token);
    if (token.length > REMEMBERED_LENGTH_MAX) return viewer;
    // The oldest stands first.
    const [oldest] = known.keys();
    if (known.size >= REMEMBERED_MAX && oldest !== undefined) known.delete(oldest);
    known.set(token, { viewer, untilMs: Math.min(nowMs + REMEMBERED_MS, viewer.expiresAt) });
    return viewer;
  };
}
