import { randomUUID } from 'node:crypto';
import { type Applications, asAdmin } from '../lib/applications.js';
import type { Compared, Made, Manner } from './manner.js';
import { bearer, startOur } from './our.js';
import { headOf, startReplaced } from './peer.js';

/** All of them are admins here. */
const STREAM = '/api/admin/stats/stream';
const PATTERNS = ['"total": ?\\{[^}]*"messages": ?(\\d+)'];

const told: Manner = {
  name: 'streams that are told of each tenth message, cache of 60 s',
  isOurs: false,
  bound: '60 s, and until it is told',
  seconds: 120,
  patienceSeconds: 95,
  start: async (applications) => {
    const { child, port, send } = await startReplaced('messages', applications);
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: applications.people.map((person) => ({
        ...{ head: headOf(person), opening: [], stream: STREAM },
      })),
      change: changes(applications, async (body) => {
        await send('POST', '/webhooks/instagram', '', body);
      }),
    };
  },
};

const ours: Manner = {
  name: 'ours: one stream each',
  isOurs: true,
  bound: 'pushed',
  seconds: 60,
  patienceSeconds: 10,
  start: async (applications) => {
    const { child, port, client } = await startOur(applications);
    const admins = await Promise.all(applications.people.map(asAdmin));
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: admins.map((admin) => ({
        ...{ head: bearer(admin), opening: ['/api/admin/stats'], stream: STREAM },
      })),
      change: changes(applications, async (body) => {
        const { status, json } = await client.webhook('/webhooks/instagram', body);
        if (status !== 200) throw new Error(`webhook: ${status} ${JSON.stringify(json)}`);
      }),
    };
  },
};

function changes({ people }: Applications, report: (body: unknown) => Promise<void>) {
  const everybody = people.map((_, index) => index);
  return async (nth: number): Promise<Made> => {
    const sentAt = new Date().toISOString();
    const message = { id: randomUUID(), accountId: `account-${nth % 100}`, status: 'sent', sentAt };
    await report({ messages: [message] });
    return { watchers: everybody, pattern: 0 };
  };
}

export const messages: Compared = {
  name: 'messages',
  application: 'messages: admin statistics',
  manners: [told, ours],
};
