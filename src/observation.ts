/** Something that happened in the server. One event feeds both the log and the metrics. */
export type Observation =
  /** waitedMs: how long the oldest change in it may have waited, from its commit. */
  | {
      kind: 'pulse';
      pulse: number;
      folded: number;
      announced: number;
      ms: number;
      waitedMs: number;
    }
  | { kind: 'pulse-state'; state: PulseState }
  | { kind: 'work'; filled: number; rebuilt: number; expired: number; jobs: number; ms: number }
  /** A document was built because somebody wanted to read it. */
  | { kind: 'build'; outcome: string; ms: number }
  | { kind: 'announcement'; pulse: number; changes: number }
  /** ms: from hearing of a pulse to the last write to a socket. */
  | { kind: 'flush'; pulse: number; sessions: number; ms: number }
  | { kind: 'conflated'; frames: number }
  | { kind: 'opened' }
  | { kind: 'closed'; reason: CloseReason; ms: number }
  | { kind: 'refused'; reason: RefusalReason }
  | { kind: 'read'; topics: number; ms: number }
  | { kind: 'read-failed'; message: string }
  | { kind: 'listener-state'; state: ListenerState; reason: string }
  /** Pulses that were not heard of, and were read from the table instead. */
  | { kind: 'gap'; pulses: number }
  /** Somebody else notifies where pulses are announced. */
  | { kind: 'forged'; message: string }
  | { kind: 'trouble'; where: string; message: string };

export type PulseState = 'asleep' | 'awake' | 'waiting' | 'away';
export type ListenerState = 'listening' | 'polling' | 'away';
/** client: it left. stalled: it read nothing for too long. */
export type CloseReason = 'client' | 'stalled' | 'expired' | 'aged' | 'shutdown' | 'forbidden';
export type RefusalReason = 'process-full' | 'subject-full' | 'address-full';

export type Observe = (observation: Observation) => void;
