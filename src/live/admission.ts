import type { Observe, RefusalReason } from '../observation.js';
import { Refusal } from './refusal.js';

export type Limits = {
  streams: number;
  streamsPerSubject: number;
  streamsPerAddress: number;
};

export type Caller = { subject: string | undefined; address: string };

/** Counts streams against their limits. */
export class Admission {
  readonly #limits: Limits;
  readonly #observe: Observe;
  readonly #subjects = new Map<string, number>();
  readonly #addresses = new Map<string, number>();
  #streams = 0;

  constructor(limits: Limits, observe: Observe) {
    this.#limits = limits;
    this.#observe = observe;
  }

  /** False when the process is full, which is no fault of the caller's: what is one throws. */
  enter({ subject, address }: Caller): boolean {
    const { streams, streamsPerAddress, streamsPerSubject } = this.#limits;
    if ((this.#addresses.get(address) ?? 0) >= streamsPerAddress) {
      throw this.#refused('address-full');
    }
    if (subject !== undefined && (this.#subjects.get(subject) ?? 0) >= streamsPerSubject) {
      throw this.#refused('subject-full');
    }
    if (this.#streams >= streams) {
      this.#observe({ kind: 'refused', reason: 'process-full' });
      return false;
    }
    this.#streams += 1;
    add(this.#addresses, address, 1);
    if (subject !== undefined) add(this.#subjects, subject, 1);
    return true;
  }

  #refused(reason: Exclude<RefusalReason, 'process-full'>): Refusal {
    this.#observe({ kind: 'refused', reason });
    return new Refusal(reason, []);
  }

  leave({ subject, address }: Caller): void {
    this.#streams -= 1;
    add(this.#addresses, address, -1);
    if (subject !== undefined) add(this.#subjects, subject, -1);
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
