import type { Session } from './session.js';
import { together } from './turns.js';

const TURN_MS_MAX = 1000;
const TURN_MS_MIN = 50;
/** Heartbeats go out in the turn that is nearest, which is off by a twentieth at most. */
const TURNS_PER_HEARTBEAT = 10;

/** Streams that end shortly after one another end in one look. */
const SOONEST_MS = 50;

/** Of one look: the same for all that are looked at. */
export type Instant = {
  /** In ms since 1970: tokens end by it. */
  readonly date: number;
  /** By a clock that nobody puts forward or back. */
  readonly ms: number;
  readonly turnMs: number;
};

export type Clock = {
  /** It may end before the next turn. */
  began(session: Session): void;
  /** Its last bytes have to be taken, too. */
  ended(session: Session): unknown;
  close(): void;
};

export type ClockOptions = { heartbeatMs: number; sessions: () => Iterable<Session> };

/** Looks at all sessions turn by turn, and in between where one of them is to end. */
export function startClock({ heartbeatMs, sessions }: ClockOptions): Clock {
  const turnMs = Math.max(TURN_MS_MIN, Math.min(TURN_MS_MAX, heartbeatMs / TURNS_PER_HEARTBEAT));
  const leaving = new Set<Session>();
  let timer: NodeJS.Timeout | undefined;
  let nextAt = 0;

  const lookIn = (ms: number) => {
    clearTimeout(timer);
    const waitMs = Math.max(ms, SOONEST_MS);
    nextAt = performance.now() + waitMs;
    timer = setTimeout(look, waitMs);
  };
  const look = () => {
    const instant = { date: Date.now(), ms: performance.now(), turnMs };
    let restMs = together(turnMs);
    for (const session of sessions()) restMs = Math.min(restMs, session.tick(instant));
    for (const session of leaving) {
      const sessionMs = session.tick(instant);
      if (sessionMs === Number.POSITIVE_INFINITY) leaving.delete(session);
      restMs = Math.min(restMs, sessionMs);
    }
    lookIn(restMs);
  };
  lookIn(turnMs);

  return {
    began: (session) => {
      const restMs = session.restMs(Date.now());
      if (performance.now() + restMs < nextAt) lookIn(restMs);
    },
    ended: (session) => leaving.add(session),
    close: () => clearTimeout(timer),
  };
}
