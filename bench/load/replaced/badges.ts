import { randomUUID } from 'node:crypto';
import type { Applications, Person } from '../lib/applications.js';
import type { Compared, Made, Manner } from './manner.js';
import { bearer, startOur } from './our.js';
import { headOf, startReplaced } from './peer.js';

/** One change of five is a sign-up, which admins see; the others are leads of somebody. */
const SIGN_UP_EVERY = 5;
const PENDING = 0;
const NEW_LEADS = 1;
const PATTERNS = ['"pendingCount":(\\d+)', '"newLeadsCount":(\\d+)'];

const polling: Manner = {
  name: 'polling every 15 to 30 s, cache of 5 s',
  isOurs: false,
  bound: '30 s',
  seconds: 60,
  patienceSeconds: 35,
  start: async (applications) => {
    const { child, port, send } = await startReplaced('badges', applications);
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: applications.people.map((person) => ({
        head: headOf(person),
        opening: [],
        polls: { paths: pathsFor(person), everyMs: 15_000, calmMs: 30_000 },
      })),
      change: changes(applications, {
        signUp: async (body) => await send('POST', '/auth/signup', '', body),
        lead: async (owner, body) => await send('POST', '/leads', owner.id, body),
      }),
    };
  },
};

function pathsFor({ role }: Person): string[] {
  if (role !== 'admin') return ['/leads/new-count'];
  return ['/admin/pending-users/count', '/leads/new-count?role=admin'];
}

const ours: Manner = {
  name: 'ours: one stream each',
  isOurs: true,
  bound: 'pushed',
  seconds: 60,
  patienceSeconds: 10,
  start: async (applications) => {
    const { child, port, client, send } = await startOur(applications);
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: applications.people.map((person) => ({
        head: bearer(person),
        opening: ['/admin/counts'],
        stream: '/admin/counts/stream',
      })),
      change: changes(applications, {
        signUp: async (body) => await send(client.nobody, 'POST', '/auth/signup', body),
        lead: async (owner, body) => await send(client.user(owner), 'POST', '/leads', body),
      }),
    };
  },
};

type Writes = {
  signUp(body: { email: string; name: string }): Promise<unknown>;
  lead(owner: Person, body: { name: string }): Promise<unknown>;
};

function changes({ people }: Applications, { signUp, lead }: Writes) {
  const admins = people.flatMap(({ role }, index) => (role === 'admin' ? [index] : []));
  return async (nth: number): Promise<Made> => {
    if (nth % SIGN_UP_EVERY === 0) {
      await signUp({ email: `${randomUUID()}@example.org`, name: 'Somebody' });
      return { watchers: admins, pattern: PENDING };
    }
    const index = (nth * 7) % people.length;
    const owner = people[index];
    if (owner === undefined) throw new Error('there is nobody');
    await lead(owner, { name: `Lead ${nth}` });
    return { watchers: [...new Set([...admins, index])], pattern: NEW_LEADS };
  };
}

export const badges: Compared = {
  name: 'badges',
  application: 'accounts and leads: badges',
  manners: [polling, ours],
};
