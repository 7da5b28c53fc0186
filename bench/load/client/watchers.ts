import { setTimeout as pause } from 'node:timers/promises';
import type { Failed } from '../lib/worker.js';
import { Connection } from './connection.js';
import { Sight } from './sight.js';
import { openStream } from './stream.js';

/** A process of its own: users who look at some numbers, by asking again and again or by a stream. */

export type Watcher = {
  /** Lines of header fields, each with its end. */
  readonly head: string;
  /** Pages that are opened once, at the start. */
  readonly opening: readonly string[];
  readonly polls?: Polls;
  readonly stream?: string;
};

export type Polls = {
  readonly paths: readonly string[];
  readonly everyMs: number;
  /** How often where two in a row brought nothing new; where that is said. */
  readonly calmMs?: number;
};

export type ToWatchers =
  | {
      readonly kind: 'watch';
      readonly port: number;
      /** Regular expressions, each with one number; the largest that is seen counts. */
      readonly patterns: readonly string[];
      readonly watchers: readonly Watcher[];
    }
  | { readonly kind: 'look' }
  | { readonly kind: 'report' };

export type FromWatchers =
  | { readonly kind: 'started' }
  | { readonly kind: 'ready'; readonly requests: number }
  | {
      readonly kind: 'looked';
      readonly requests: number;
      /** Of each watcher: of each pattern the first value, and the newest. */
      readonly firsts: readonly Seen[];
      readonly values: readonly Seen[];
    }
  /** For each watcher and pattern: value, time, value, time, and so on. */
  | { readonly kind: 'report'; readonly arrivals: readonly (readonly (readonly number[])[])[] }
  | Failed;

type Seen = readonly (number | null)[];

/** As many as come at once in a millisecond. */
const COMING = 0.5;
const UNCHANGED_CALM = 2;

let users: User[] = [];
let requests = 0;

process.on('message', (message: ToWatchers) => {
  void obey(message).catch(fail);
});
process.on('disconnect', () => process.exit());
tell({ kind: 'started' });

async function obey(message: ToWatchers): Promise<void> {
  switch (message.kind) {
    case 'watch': {
      const { port, watchers } = message;
      const patterns = message.patterns.map((text) => new RegExp(text, 'g'));
      const coming: Promise<void>[] = [];
      users = [];
      for (const [index, watcher] of watchers.entries()) {
        const user = new User(port, index, watcher, new Sight(patterns));
        users.push(user);
        coming.push(user.come());
        await pause(1 / COMING);
      }
      await Promise.all(coming);
      tell({ kind: 'ready', requests });
      return;
    }
    case 'look':
      tell({
        ...{ kind: 'looked', requests },
        firsts: users.map(({ sight }) => sight.arrivals.map(([value]) => value ?? null)),
        values: users.map(({ sight }) => sight.arrivals.map((list) => list.at(-2) ?? null)),
      });
      return;
    case 'report':
      tell({ kind: 'report', arrivals: users.map(({ sight }) => sight.arrivals) });
  }
}

class User {
  readonly sight: Sight;
  readonly #port: number;
  readonly #index: number;
  readonly #watcher: Watcher;
  readonly #connection: Connection;
  #unchanged = UNCHANGED_CALM;

  constructor(port: number, index: number, watcher: Watcher, sight: Sight) {
    this.sight = sight;
    this.#port = port;
    this.#index = index;
    this.#watcher = watcher;
    this.#connection = new Connection(port, index, (why) => fail(new Error(why)));
  }

  /** Resolves when he sees what there is to see at first. */
  async come(): Promise<void> {
    const { opening, polls, stream, head } = this.#watcher;
    for (const path of opening) await this.#get(path);
    if (stream !== undefined) {
      requests += 1;
      const where = { port: this.#port, index: this.#index, path: stream, head };
      await openStream(where, (text) => this.sight.look(text), fail);
    }
    if (polls === undefined) return;
    await this.#poll(polls);
    // As if he had been there for a while: somewhere in his interval.
    this.#unchanged = UNCHANGED_CALM;
    setTimeout(() => this.#pollAlways(polls), Math.random() * this.#interval(polls));
  }

  #pollAlways(polls: Polls): void {
    void this.#poll(polls).then(() => {
      setTimeout(() => this.#pollAlways(polls), this.#interval(polls));
    }, fail);
  }

  async #poll({ paths }: Polls): Promise<void> {
    const answers = await Promise.all(paths.map((path) => this.#get(path)));
    const isNew = answers.map((body) => this.sight.look(body)).includes(true);
    this.#unchanged = isNew ? 0 : this.#unchanged + 1;
  }

  #interval({ everyMs, calmMs = everyMs }: Polls): number {
    return this.#unchanged >= UNCHANGED_CALM ? calmMs : everyMs;
  }

  #get(path: string): Promise<string> {
    requests += 1;
    return new Promise((resolve, reject) => {
      this.#connection.get(path, this.#watcher.head, ({ status, body }) => {
        if (status === 200) resolve(body);
        else reject(new Error(`GET ${path}: ${status} ${body.slice(0, 500)}`));
      });
    });
  }
}

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}

function tell(message: FromWatchers): void {
  process.send?.(message);
}
