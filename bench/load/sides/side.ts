import type { Target } from '../client/protocol.js';
import type { Workplace } from '../lib/workplace.js';

/** One of those that are compared: something that keeps streams open and sends to all of them. */
export type Side = {
  readonly name: string;
  /** Why it cannot take part on this machine. */
  missing?(): string | undefined;
  start(workplace: Workplace, port: number): Promise<RunningSide>;
};

export type RunningSide = {
  readonly pid: number;
  readonly target: Target;
  /** The next change, not yet made. */
  next(): Publication;
  /** Lets go of what is garbage: only what is held counts as memory of a stream. */
  collect(): void;
  stop(): Promise<void>;
};

export type Publication = {
  /** Whoever has these bytes has the change. */
  readonly needle: string;
  publish(): Promise<Published>;
};

/** On the monotonic clock, in ns. */
export type Published = {
  /** Before the first byte left the publisher. */
  readonly begun: bigint;
  /** When another session, listening like the server, heard of it: ours alone. */
  readonly announced?: bigint;
};

/** What is sent for one change, on all sides. */
export function changeText(value: number): string {
  return `{"topic":"load_rows","value":${value},"version":${value}}`;
}

/** No other value's text holds it. */
export function needleOf(value: number): string {
  return `"value":${value},`;
}

/** The same bytes that ours sends for one change. */
export function frameText(value: number): string {
  const id = `0123abcd.${value}`;
  return (
    `event: update\nid: ${id}\ndata: ${changeText(value)}\n\n` +
    `event: sync\nid: ${id}\ndata: {"pulse":${value}}\n\n`
  );
}

export function streamRequest(port: number, path: string): string {
  const headers = [`Host: 127.0.0.1:${port}`, 'Accept: text/event-stream'];
  return `GET ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
}
