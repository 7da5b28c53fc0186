import type { Topic } from './topic.js';

export type Kind = 'counter' | 'summary';
export type State = 'ready' | 'filling' | 'broken' | 'overflow' | 'unknown';

export type Reading = {
  readonly topic: Topic;
  readonly kind: Kind | undefined;
  readonly audience: string;
  readonly state: State;
  /** The value as it goes to the client, never parsed: a bigint may not fit a number. */
  readonly json: string;
  readonly version: number;
  /** False while changes of it are not folded: then its version is older than its value. */
  readonly settled: boolean;
};

/** All readings are of one instant: after that pulse, before the next. */
export type Snapshot = {
  /** Which database, and which of its lives; the first part of an event's id. */
  readonly history: string;
  readonly pulse: number;
  /** In the order asked for. */
  readonly readings: readonly Reading[];
};

export type Change = { readonly topic: Topic; readonly json: string; readonly version: number };

/** What the pulses after `since` changed, as they left it. */
export type Changes = {
  history: string;
  pulse: number;
  changes: Change[];
  /** These changed too, to a number that cannot be shown. */
  hidden: Topic[];
};

export type Definition = { name: string; kind: Kind; audience: string; state: State };

export type Asked = Pick<Reading, 'topic' | 'audience'>;

/**
 * After a crash or a failover, before the first pulse: values are right, but a version may be older
 * than one that a stream has shown. Streams wait; it is a matter of milliseconds.
 */
export const NO_HISTORY = '';

/** A document that is not there, or is too old: it is built before it is shown. */
export type Due = Omit<Reading, 'state'> & { readonly state: 'due' };
export type Found = Reading | Due;
export type Look = Omit<Snapshot, 'readings'> & { readonly readings: readonly Found[] };
