import type { Misfortune } from './faults.js';
import * as faults from './faults.js';
import type { Stage } from './stage.js';

/** What befalls a run, and how often. */

const OFTEN: readonly [Misfortune, ...Misfortune[]] = [
  faults.sessionsEnded,
  faults.allSessionsEnded,
  faults.oneKindInHole,
  faults.oneKindInHole,
  faults.allInHole,
  faults.delayed,
  faults.cut,
  faults.cut,
  faults.unreachable,
  faults.clientsDropped,
  faults.clientsDropped,
  faults.clientsSlow,
  faults.clientStopped,
  faults.longTransaction,
  faults.transactionEnded,
  faults.slowPulse,
  faults.care,
  faults.serverReplaced,
  faults.quiet,
];

/** Where PostgreSQL is one of the run's own, its processes are of this machine. */
const NEAR: readonly [Misfortune, ...Misfortune[]] = [
  ...OFTEN,
  faults.sessionsStandStill,
  faults.sessionsStandStill,
];

const RARE: readonly [Misfortune, ...Misfortune[]] = [
  faults.clusterRestarted,
  faults.clusterKilled,
];
const RARE_SHARE = 0.08;

export function nextMisfortune({ random, cluster }: Stage): Misfortune {
  if (cluster === undefined) return random.pick(OFTEN);
  return random.pick(random.chance(RARE_SHARE) ? RARE : NEAR);
}
