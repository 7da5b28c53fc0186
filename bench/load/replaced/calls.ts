import type { Applications, Person } from '../lib/applications.js';
import type { Compared, Made, Manner } from './manner.js';
import { bearer, startOur } from './our.js';
import { headOf, startReplaced } from './peer.js';

/** An invitation lasts longer than a run: what is seen is that it comes. */
const LIFE_SECONDS = 600;
const PATTERNS = ['"id": ?(\\d+)'];

function polling(name: string, everySeconds: number, env: Record<string, string>): Manner {
  return {
    ...{ name, isOurs: false, bound: `${everySeconds} s`, seconds: 60 },
    patienceSeconds: everySeconds + 5,
    start: async (applications) => {
      const { child, port, send } = await startReplaced('calls', applications, env);
      return {
        ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
        watchers: applications.people.map((person) => ({
          head: headOf(person),
          opening: [],
          polls: { paths: ['/calls/pending'], everyMs: everySeconds * 1000 },
        })),
        change: await changes(applications, async ({ id }, body) => {
          return await send('POST', '/calls/invitations', id, body);
        }),
      };
    },
  };
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
        opening: ['/calls/invitations/pending'],
        stream: '/calls/invitations/pending/stream',
      })),
      change: await changes(applications, async (caller, body) => {
        const all = { ...body, expiresInSeconds: LIFE_SECONDS };
        return await send(client.user(caller), 'POST', '/calls/invitations', all);
      }),
    };
  },
};

type Invite = (
  caller: Person,
  body: { receiverId: string; roomId: number },
) => Promise<Record<string, unknown>>;

async function changes({ people, database }: Applications, invite: Invite) {
  const [room] = await database.sql<{ id: string }>('select id from calls.rooms limit 1');
  return async (nth: number): Promise<Made> => {
    const receiver = (nth * 7) % people.length;
    const caller = people[(receiver + 1 + Math.floor(nth / people.length)) % people.length];
    const called = people[receiver];
    if (caller === undefined || called === undefined) throw new Error('there is nobody');
    const { id } = await invite(caller, { receiverId: called.id, roomId: Number(room?.id) });
    return { watchers: [receiver], pattern: 0, value: Number(id) };
  };
}

export const calls: Compared = {
  name: 'calls',
  application: 'calls: pending invitations',
  manners: [
    polling('polling every 30 s', 30, { MANNER: 'first' }),
    polling('adaptive polling, no WebSocket: every 15 s', 15, { MANNER: 'adaptive' }),
    ours,
  ],
};
