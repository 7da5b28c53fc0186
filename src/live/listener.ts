import pgListen, { type Subscriber } from 'pg-listen';
import { messageOf } from '../errors.js';
import type { ListenerState, Observe } from '../observation.js';
import { faultOf } from './probe.js';
import { within } from './within.js';

const createSubscriber = pgListen.default;

const CHANNEL = 'tally';
/** On the same session: what is declared is heard before the pulses that come after it. */
const DEFINITIONS = 'tally_definitions';
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 400;

/** An answer takes longer than this: the connection is dead, however healthy it looks. */
const ANSWER_MS = 5000;
const CHECK_MS = 5000;

/** A place that cannot be listened at is looked at again after this long. */
const UNFIT_RETRY_MS = 5000;

/** Saying good-bye may find nobody there. */
const END_MS = 1000;

/** What failed once may work at once. */
const FAILED_RETRY_MS = 200;

export type ListenerOptions = {
  url: string;
  observe: Observe;
  onPayload: (payload: string) => void;
  /** It hears again: what was said meanwhile must be read from the table. */
  onListening: () => void;
  onDefinitions: () => void;
};

/** One session that listens for pulses, kept up through everything that can happen to it. */
export class Listener {
  state: ListenerState = 'away';
  reason = 'not connected yet';
  readonly #options: ListenerOptions;
  #subscriber: Subscriber | undefined;
  /** Events of a subscriber that was given up mean nothing. */
  #generation = 0;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  open(): void {
    if (this.#isClosed) return;
    this.#generation += 1;
    const generation = this.#generation;
    const isCurrent = () => generation === this.#generation && !this.#isClosed;
    const subscriber: Subscriber = createSubscriber(
      {
        connectionString: this.#options.url,
        application_name: 'pgtally-listener',
        connectionTimeoutMillis: ANSWER_MS,
        query_timeout: ANSWER_MS,
        keepAlive: true,
      },
      {
        // Without end, but for one that was given up: only an error stops pg-listen's own loop.
        retryTimeout: 0,
        retryInterval: (attempt) => {
          if (!isCurrent()) throw new Error('given up');
          return Math.min(RETRY_MS_MIN * 2 ** attempt, RETRY_MS_MAX);
        },
        paranoidChecking: CHECK_MS,
        parse: (payload) => payload,
      },
    );
    this.#subscriber = subscriber;
    subscriber.notifications.on(CHANNEL, (payload: unknown) => {
      if (isCurrent() && typeof payload === 'string') this.#options.onPayload(payload);
    });
    subscriber.notifications.on(DEFINITIONS, () => {
      if (isCurrent()) this.#options.onDefinitions();
    });
    subscriber.events.on('reconnect', () => {
      if (isCurrent()) this.#lost('the connection was lost');
    });
    // One that was given up in the middle of connecting connects all the same, and would keep its
    // session: it is closed again when it has.
    subscriber.events.on('error', (error) => {
      if (isCurrent()) this.#openLater(error.message, FAILED_RETRY_MS);
      else void subscriber.close().catch(() => undefined);
    });
    subscriber.events.on('connected', () => {
      if (isCurrent()) void this.#connected(subscriber, isCurrent);
      else void subscriber.close().catch(() => undefined);
    });
    // A first attempt that fails is followed by others, and by 'connected' in the end.
    subscriber.connect().catch((error: unknown) => {
      if (isCurrent()) this.#lost(messageOf(error));
    });
  }

  /** It looks healthy, and does not hear: begin anew on another connection. */
  restart(reason: string, afterMs: number): void {
    if (!this.#isClosed) this.#openLater(reason, afterMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#giveUp();
  }

  async #connected(subscriber: Subscriber, isCurrent: () => boolean): Promise<void> {
    try {
      await subscriber.listenTo(CHANNEL);
      await subscriber.listenTo(DEFINITIONS);
      const fault = await faultOf(this.#options.url);
      if (!isCurrent()) return;
      if (fault === undefined) {
        this.#set('listening', '');
        this.#options.onListening();
        return;
      }
      this.#openLater(fault, UNFIT_RETRY_MS);
    } catch (error) {
      if (isCurrent()) this.#openLater(messageOf(error), FAILED_RETRY_MS);
    }
  }

  #openLater(reason: string, ms: number): void {
    this.#lost(reason);
    void this.#giveUp();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), ms);
  }

  #lost(reason: string): void {
    this.#set('polling', reason);
  }

  #set(state: ListenerState, reason: string): void {
    if (this.state === state && this.reason === reason) return;
    this.state = state;
    this.reason = reason;
    this.#options.observe({ kind: 'listener-state', state, reason });
  }

  async #giveUp(): Promise<void> {
    const subscriber = this.#subscriber;
    this.#subscriber = undefined;
    this.#generation += 1;
    if (subscriber !== undefined) await within(END_MS, subscriber.close());
  }
}
