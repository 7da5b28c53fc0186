import { type Frame, type Update, updateOf } from './frames.js';

/** What may be said of any stream, whatever happened to it. Values by topic, as they stand. */
export type Invariant = (values: ReadonlyMap<string, string>) => string | undefined;

export type Soundness = {
  /** What has to be true at each `sync`: what is wrong, or undefined. */
  readonly atSync?: Invariant;
  /** Topics whose values only grow: then an older value shows even without a version. */
  readonly growing?: readonly string[];
};

export type Faults = {
  readonly backwards: string[];
  readonly halves: string[];
  readonly other: string[];
};

const ID = /^[0-9a-f]{4,16}\.(0|[1-9]\d*)$/;

/**
 * Finds versions and values that go back, and syncs that show half a transaction. Frames of one
 * client, over all its reconnections: what a user saw is never taken back from him.
 */
export function faultsOf(frames: readonly Frame[], soundness: Soundness = {}): Faults {
  const faults: Faults = { backwards: [], halves: [], other: [] };
  const values = new Map<string, string>();
  const seen = new Map<string, Update>();
  const last: Last = { pulse: 0, id: '' };
  for (const [place, frame] of frames.entries()) {
    if (frame.event === 'update') {
      const update = updateOf(frame);
      const back = steppedBack(seen.get(update.topic), update, soundness);
      faults.backwards.push(...back.map((step) => `${step}, after\n${shownBefore(frames, place)}`));
      seen.set(update.topic, update);
      values.set(update.topic, update.value);
    }
    if (frame.event === 'sync') {
      faults.other.push(...wrongSync(frame, last));
      const half = soundness.atSync?.(values);
      if (half !== undefined) faults.halves.push(`${half}, after\n${shownBefore(frames, place)}`);
    }
  }
  return faults;
}

/** What a client ends with that takes no update with a lower version than it has. */
export function keptOf(frames: readonly Frame[]): Map<string, string> {
  const kept = new Map<string, Update>();
  for (const frame of frames) {
    if (frame.event !== 'update') continue;
    const update = updateOf(frame);
    if (update.version >= (kept.get(update.topic)?.version ?? 0)) kept.set(update.topic, update);
  }
  return new Map([...kept].map(([topic, { value }]) => [topic, value]));
}

const SHOWN = 16;

function shownBefore(frames: readonly Frame[], place: number): string {
  return frames
    .slice(Math.max(0, place - SHOWN), place + 1)
    .map(({ at, event, id = '', data }) => `  ${Math.round(at)} ms ${event} ${id} ${data}`)
    .join('\n');
}

/** Throws with all that is wrong, or says nothing. */
export function assertSound(frames: readonly Frame[], soundness: Soundness = {}): void {
  const { backwards, halves, other } = faultsOf(frames, soundness);
  const all = [...backwards, ...halves, ...other];
  if (all.length > 0) {
    throw new Error(
      `${all.length} faults in ${frames.length} frames:\n${all.slice(0, 10).join('\n')}`,
    );
  }
}

/** Values of these topics always add up to the same. */
export function sumIs(topics: readonly string[], sum: number): Invariant {
  return (values) => {
    const shown = topics.map((topic) => Number(values.get(topic)));
    const total = shown.reduce((a, b) => a + b, 0);
    return total === sum ? undefined : `${topics.join(' + ')} = ${shown.join(' + ')}, not ${sum}`;
  };
}

/** Values of these topics are always the same. */
export function areEqual(topics: readonly string[]): Invariant {
  return (values) => {
    const shown = topics.map((topic) => values.get(topic));
    return new Set(shown).size === 1 ? undefined : `${topics.join(', ')} are ${shown.join(', ')}`;
  };
}

export function all(invariants: readonly Invariant[]): Invariant {
  return (values) =>
    invariants.map((invariant) => invariant(values)).find((wrong) => wrong !== undefined);
}

/** Not even a crash, which may take pulses back that were announced, takes a version back. */
function steppedBack(
  before: Update | undefined,
  now: Update,
  { growing = [] }: Soundness,
): string[] {
  if (before === undefined) return [];
  const found: string[] = [];
  const step = `${now.topic}: ${before.value} (${before.version}) → ${now.value} (${now.version})`;
  if (now.version < before.version) found.push(`a version went back, ${step}`);
  if (growing.includes(now.topic) && BigInt(now.value) < BigInt(before.value)) {
    found.push(`a value that only grows went back, ${step}`);
  }
  return found;
}

type Last = { pulse: number; id: string };

function wrongSync({ id = 'none', data }: Frame, last: Last): string[] {
  const number = ID.exec(id)?.[1];
  if (number === undefined) return [`an id that is none: ${id}`];
  const pulse = Number(number);
  const found: string[] = [];
  if (data !== `{"pulse":${number}}`) found.push(`sync ${data} has the id ${id}`);
  if (pulse < last.pulse) found.push(`a pulse went back: ${last.id} → ${id}`);
  Object.assign(last, { pulse, id });
  return found;
}
