import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import type { Client } from './client.js';
import { accounts } from './traffic/accounts.js';
import { calls } from './traffic/calls.js';
import { community } from './traffic/community.js';
import { facilities } from './traffic/facilities.js';
import { leads } from './traffic/leads.js';
import { messages } from './traffic/messages.js';

/** Something that somebody does; it may take several requests. Undefined: nothing to do just now. */
export type Deed = (client: Client, some: Some) => Promise<string | undefined>;

/** Choices, from a seed where one is given. */
export type Some = {
  /** A whole number below `end`. */
  below(end: number): number;
  of<T>(things: readonly [T, ...T[]]): T;
  text(): string;
};

const DEEDS: readonly Deed[] = [
  ...accounts,
  ...leads,
  ...calls,
  ...messages,
  ...community,
  ...facilities,
];

/** Between two deeds, on average. */
const PAUSE_MS = 200;
/** A server that is away is asked less often. */
const AWAY_MS = 1000;

export type Traffic = {
  readonly client: Client;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  readonly pauseMs?: number;
};

/** A steady trickle of writes through the routes, until it is told to stop. */
export async function makeTraffic(traffic: Traffic): Promise<void> {
  const { client, signal, say, pauseMs = PAUSE_MS } = traffic;
  const some = chance(Math.random);
  let isAway = false;
  while (!signal.aborted) {
    const deed = DEEDS[some.below(DEEDS.length)];
    try {
      const told = await deed?.(client, some);
      if (told !== undefined) say(told);
      isAway = false;
    } catch (error) {
      if (!isAway) say(`the server does not answer: ${messageOf(error)}; trying again`);
      isAway = true;
    }
    const wait = isAway ? AWAY_MS : pauseMs * (0.5 + Math.random());
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
}

const WORDS = 'quiet river amber stone early light north wind open field small harbor'.split(' ');

export function chance(random: () => number): Some {
  const below = (end: number) => Math.floor(random() * end);
  return {
    below,
    of: (things) => things[below(things.length)] ?? things[0],
    text: () => `${WORDS[below(WORDS.length)]} ${WORDS[below(WORDS.length)]}`,
  };
}
