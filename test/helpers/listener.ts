import type pg from 'pg';
import { until } from './wait.js';

export type Listener = {
  /** The payloads that came so far. */
  readonly heard: string[];
  /** Waits until what was sent before now has come: a session hears in the order of commits. */
  settled(): Promise<string[]>;
};

/** Listens on one channel with a session that does nothing else. */
export async function listen(client: pg.Client, channel: string): Promise<Listener> {
  const heard: string[] = [];
  let marks = 0;
  let seen = 0;
  client.on('notification', (notification) => {
    if (notification.channel === channel) heard.push(notification.payload ?? '');
    else seen += 1;
  });
  await client.query(`listen ${channel}; listen test_mark`);
  return {
    heard,
    settled: async () => {
      marks += 1;
      await client.query(`select pg_notify('test_mark', $1)`, [String(marks)]);
      await until(() => seen >= marks, { what: 'the mark' });
      return heard;
    },
  };
}

export type Change = readonly [name: string, scope: string, value: number];

export type Announcement = {
  readonly pulse: number;
  readonly part: number;
  readonly parts: number;
  readonly changes: readonly Change[];
};

export const announced = (payloads: readonly string[]): Announcement[] =>
  payloads.map((payload) => JSON.parse(payload) as Announcement);
