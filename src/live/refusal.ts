import { messageOf } from '../errors.js';
import type { Observe } from '../observation.js';
import { judge, type Viewer } from './audience.js';
import type { Reading } from './reading.js';
import { topicText } from './topic.js';

export type RefusalKind =
  | 'unknown'
  | 'unauthenticated'
  | 'forbidden'
  | 'filling'
  | 'broken'
  | 'overflow'
  | 'subject-full'
  | 'address-full';

/** What was asked for is not given, and why; the HTTP layer makes a problem document of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly kind: RefusalKind;
  readonly topics: readonly string[];

  constructor(kind: RefusalKind, topics: readonly string[]) {
    super(topics.length === 0 ? kind : `${kind}: ${topics.join(', ')}`);
    this.kind = kind;
    this.topics = topics;
  }
}

/** The database gave no answer. Its own words are for the log, not for clients. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
  }
}

/** To be thrown to whoever asked, once it has been told. */
export function unavailable(cause: unknown, observe: Observe): DatabaseUnavailable {
  const error = new DatabaseUnavailable(cause);
  observe({ kind: 'read-failed', message: error.message });
  return error;
}

/** Worst first: what does not exist, then who may not, then what cannot be read now. */
const ORDER: readonly RefusalKind[] = [
  'unknown',
  'unauthenticated',
  'forbidden',
  'filling',
  'broken',
  'overflow',
];

/** Undefined when the viewer may read all of them, and all can be read. */
export function refusalOf(
  readings: readonly Reading[],
  viewer: Viewer | undefined,
): Refusal | undefined {
  return refuse(readings, (reading) => faultOf(reading, viewer) ?? stateFault(reading));
}

/** The same for a stream: what cannot be read now will be sent when it can. */
export function streamRefusalOf(
  readings: readonly Reading[],
  viewer: Viewer | undefined,
): Refusal | undefined {
  return refuse(readings, (reading) => faultOf(reading, viewer));
}

function refuse(
  readings: readonly Reading[],
  fault: (reading: Reading) => RefusalKind | undefined,
): Refusal | undefined {
  // Nearly always all of them may be read, and there is nothing to compare.
  if (!readings.some((reading) => fault(reading) !== undefined)) return undefined;
  const faults = readings.map(fault);
  const kind = ORDER.find((one) => faults.includes(one));
  if (kind === undefined) return undefined;
  const topics = readings.filter((_, at) => faults[at] === kind);
  return new Refusal(
    kind,
    topics.map(({ topic }) => topicText(topic)),
  );
}

function faultOf({ topic, audience, state }: Reading, viewer: Viewer | undefined) {
  if (state === 'unknown') return 'unknown';
  const verdict = judge(audience, topic, viewer);
  if (verdict === 'allowed') return undefined;
  return verdict === 'hidden' ? 'unknown' : verdict;
}

function stateFault({ state }: Reading): RefusalKind | undefined {
  return state === 'ready' ? undefined : state;
}
