import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../lib/clock.js';
import type { Failed } from '../lib/worker.js';
import { Connection, type Heard } from './connection.js';

/** A process of its own: users who each open a page now and then, and how long each took. */

export type Visitor = {
  /** Lines of header fields, each with its end. */
  readonly head: string;
  /** As a browser does: what it has is asked for with its ETag. */
  readonly remembers: boolean;
  /** One after the other: group, and path. */
  readonly visits: readonly (readonly [group: number, path: string])[];
};

export type Visits = {
  readonly kind: 'visit';
  readonly port: number;
  readonly visitors: readonly Visitor[];
  readonly everyMs: number;
  /** So many of each visitor's visits are not measured. */
  readonly warmUp: number;
  readonly groups: number;
};

export type FromVisits =
  | { readonly kind: 'started' }
  | { readonly kind: 'measuring' }
  | {
      readonly kind: 'visited';
      /** Milliseconds, for each group. */
      readonly times: readonly (readonly number[])[];
      readonly notModified: number;
      /** How late requests left because the client was busy, not the server. */
      readonly lateMs: readonly number[];
      readonly seconds: number;
    }
  | Failed;

process.on('message', (message: Visits) => {
  void visitAll(message).then(tell, fail);
});
process.on('disconnect', () => process.exit());
tell({ kind: 'started' });

async function visitAll(plan: Visits): Promise<FromVisits> {
  const { visitors, everyMs, warmUp } = plan;
  const users = visitors.map((visitor, index) => new User(plan, visitor, index));
  const rounds = Math.min(...visitors.map(({ visits }) => visits.length));
  const start = now();
  let begun = start;
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, user] of users.entries()) {
      const due = start + (round + index / users.length) * everyMs;
      while (now() < due) await pause(Math.max(due - now(), 0));
      if (round === warmUp && index === 0) {
        begun = now();
        tell({ kind: 'measuring' });
      }
      user.visit(round, due);
    }
  }
  while (users.some(({ isWaiting }) => isWaiting)) await pause(1);
  const seconds = (now() - begun) / 1000;
  for (const user of users) user.close();
  const times = Array.from({ length: plan.groups }, (_, group) =>
    users.flatMap((user) => user.times[group] ?? []),
  );
  return {
    ...{ kind: 'visited', times, seconds },
    notModified: users.reduce((sum, user) => sum + user.notModified, 0),
    lateMs: users.flatMap((user) => user.lateMs),
  };
}

class User {
  readonly times: number[][];
  readonly lateMs: number[] = [];
  notModified = 0;
  readonly #plan: Visits;
  readonly #visitor: Visitor;
  readonly #connection: Connection;
  readonly #etags = new Map<string, string>();
  #waiting = 0;

  constructor(plan: Visits, visitor: Visitor, index: number) {
    this.#plan = plan;
    this.#visitor = visitor;
    this.times = Array.from({ length: plan.groups }, () => []);
    this.#connection = new Connection(plan.port, index, (why) => fail(new Error(why)));
  }

  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  visit(round: number, due: number): void {
    const [group = 0, path = '/'] = this.#visitor.visits[round] ?? [];
    const etag = this.#visitor.remembers ? this.#etags.get(path) : undefined;
    const condition = etag === undefined ? '' : `If-None-Match: ${etag}\r\n`;
    // A connection that is busy keeps its user waiting: that is the server's time, too.
    const since = this.isWaiting ? due : undefined;
    this.#waiting += 1;
    this.#connection.get(path, this.#visitor.head + condition, (heard) => {
      this.#waiting -= 1;
      this.#hear(path, heard);
      if (round < this.#plan.warmUp) return;
      if (heard.status === 304) this.notModified += 1;
      this.times[group]?.push(heard.at - (since ?? heard.sentAt));
      if (since === undefined) this.lateMs.push(heard.sentAt - due);
    });
  }

  close(): void {
    this.#connection.close();
  }

  #hear(path: string, { status, etag, body }: Heard): void {
    if (status !== 200 && status !== 304) {
      fail(new Error(`GET ${path}: ${status} ${body.slice(0, 500)}`));
    }
    if (etag !== undefined) this.#etags.set(path, etag);
  }
}

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

function tell(message: FromVisits): void {
  process.send?.(message);
}
