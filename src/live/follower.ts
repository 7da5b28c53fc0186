import { setTimeout as pause } from 'node:timers/promises';
import type { Hub } from './hub.js';
import type { HubTopic } from './hub-topic.js';
import type { Reader } from './reader.js';
import type { Session } from './session.js';

/**
 * As tally.backoff, and a little later each time: a document that failed a moment ago is not built.
 * But who waits for what is long in being built, or was built by somebody else, hears of it.
 */
const WAIT_MS_MIN = 1100;
const WAIT_MS_MAX = 60_000;

export type FollowerOptions = { hub: () => Hub; reader: Reader };

/** Documents that streams were told are not there now. */
export type Follower = {
  /** From what it was told last. */
  follow(session: Session): void;
  close(): void;
};

/**
 * Asks for them, with which they are built, until they are there or nobody waits: nothing says that
 * a builder would not fail any more, and of a scope without a document nothing is announced.
 */
export function createFollower({ hub, reader }: FollowerOptions): Follower {
  const followed = new Set<HubTopic>();
  const closing = new AbortController();
  const { signal } = closing;

  const ask = async (topic: HubTopic) => {
    const snapshot = await reader.read([topic.topic]);
    const state = snapshot.readings[0]?.state;
    const isNews = (session: Session) => session.unavailable?.get(topic) !== state;
    if (waitersOf(topic).some(isNews)) hub().refreshTopics([topic.topic]);
  };
  const run = async (topic: HubTopic) => {
    followed.add(topic);
    for (let waitMs = WAIT_MS_MIN; !signal.aborted && waitersOf(topic).length > 0; waitMs *= 2) {
      // The reader has said what was wrong.
      await ask(topic).catch(() => undefined);
      const ms = Math.min(waitMs, WAIT_MS_MAX);
      await pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
    }
    followed.delete(topic);
  };

  return {
    follow: ({ unavailable }) => {
      for (const [topic, reason] of unavailable ?? []) {
        const isAwaited = topic.kind === 'summary' && reason !== 'gone';
        if (isAwaited && !followed.has(topic)) void run(topic);
      }
    },
    close: () => closing.abort(),
  };
}

function waitersOf(topic: HubTopic): Session[] {
  return [...topic.sessions].filter(({ unavailable }) => {
    const reason = unavailable?.get(topic);
    return reason !== undefined && reason !== 'gone';
  });
}
