import { DatabaseUnavailable, Refusal } from '../live/refusal.js';
import { isSqlError } from '../sql-error.js';
import { Problem } from './problems.js';

/** A moment, for what is likely to be over by then. */
const RETRY = { 'Retry-After': '1' };
/** A stream of the same caller has to end first. */
const RETRY_STREAMS = { 'Retry-After': '10' };

/** SQLSTATE classes: away, no such database, full, stopping, broken, or gave up on a statement. */
const AWAY = /^(?:08|3D|40|53|55|57|58)/;

/** PostgreSQL answered, and what it said is a defect of ours or of the installation. */
function isDefect(cause: unknown): boolean {
  return isSqlError(cause) && !AWAY.test(cause.code ?? '');
}

/** Whatever was thrown, as what the client may know of it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) return problemOfRefusal(error);
  if (error instanceof DatabaseUnavailable && !isDefect(error.cause)) {
    return new Problem('database-unavailable', 'The database does not answer. Try again shortly.', {
      headers: RETRY,
      cause: error,
    });
  }
  return exposed(error) ?? new Problem('internal', 'The server has noted why.', { cause: error });
}

export function unauthenticated(detail: string, error?: 'invalid_token'): Problem {
  return new Problem('unauthenticated', detail, { headers: challenge(error) });
}

function challenge(error?: 'invalid_token'): { 'WWW-Authenticate': string } {
  const reason = error === undefined ? '' : `, error="${error}"`;
  return { 'WWW-Authenticate': `Bearer realm="pgtally"${reason}` };
}

function problemOfRefusal({ kind, topics }: Refusal): Problem {
  const named = topics.join(', ');
  switch (kind) {
    case 'unknown':
      return new Problem('unknown-topic', `There is no topic ${named}.`, { topics });
    case 'unauthenticated': {
      const detail = `${named}: not for everybody. Send a token.`;
      return new Problem('unauthenticated', detail, { topics, headers: challenge() });
    }
    case 'forbidden':
      return new Problem('forbidden', `${named}: not for you.`, { topics });
    case 'filling': {
      const detail = `${named}: still being counted, or built for the first time.`;
      return new Problem('counter-filling', detail, { topics, headers: RETRY });
    }
    case 'broken': {
      const detail = `${named}: cannot be counted or built any more; tally.doctor() says why.`;
      return new Problem('counter-broken', detail, { topics });
    }
    case 'overflow': {
      const detail = `${named}: the sum is beyond bigint; tally.doctor() says more.`;
      return new Problem('counter-overflow', detail, { topics });
    }
    case 'subject-full':
      return tooManyStreams('You have', 'TALLY_MAX_STREAMS_PER_SUBJECT');
    case 'address-full':
      return tooManyStreams('Your address has', 'TALLY_MAX_STREAMS_PER_ADDRESS');
  }
}

function tooManyStreams(whose: string, limit: string): Problem {
  const detail = `${whose} as many streams open as this server allows (${limit}). Close one first.`;
  return new Problem('too-many-streams', detail, { headers: RETRY_STREAMS });
}

/** What a host application's own `authenticate` threw by ctx.throw(401, …) or ctx.throw(403, …). */
function exposed(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || !('expose' in error)) return undefined;
  if (error.expose !== true) return undefined;
  if (error.status === 401) return unauthenticated(error.message, 'invalid_token');
  return error.status === 403 ? new Problem('forbidden', error.message) : undefined;
}
