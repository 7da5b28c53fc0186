import type { Applications, Person } from '../lib/applications.js';
import { placesOf } from '../lib/places.js';
import type { Compared, Made, Manner } from './manner.js';
import { bearer, startOur } from './our.js';
import { headOf, startReplaced } from './peer.js';

/** Its notes name no interval: somebody who has a dashboard open looks again each half minute. */
const LOOK_MS = 30_000;
/** One change of five is a delivery, which nothing computed anew at once. */
const DELIVERY_EVERY = 5;
const TRANSFERRED = 0;
const REQUESTS = 1;
const PATTERNS = ['"totalTransferred": ?(\\d+)', '"totalRequests": ?(\\d+)'];

const scheduled: Manner = {
  name: 'computed every 5 minutes and after most changes, read every 30 s',
  isOurs: false,
  bound: '5 min and 30 s',
  seconds: 300,
  restSeconds: 20,
  patienceSeconds: 45,
  start: async (applications) => {
    const { child, port, send } = await startReplaced('facilities', applications);
    const places = await todaysOf(applications);
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: places.people.map(({ person, facility }) => ({
        head: headOf(person),
        opening: [],
        polls: { paths: [`/dashboard?id=${facility}`], everyMs: LOOK_MS },
      })),
      change: changes(places, {
        request: async (place) => {
          const body = { facilityId: place.facility, bloodType: 'O-', quantity: 1 };
          await send('POST', '/requests', place.person.id, body);
        },
        deliver: async (place, distributionId) => {
          await send('POST', '/deliver', place.person.id, { distributionId });
        },
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
    const { child, port, client, send } = await startOur(applications);
    const places = await todaysOf(applications);
    return {
      ...{ pid: child.pid, port, patterns: PATTERNS, stop: child.stop },
      watchers: places.people.map(({ person, facility }) => ({
        head: bearer(person),
        opening: [`/api/facilities/${facility}/dashboard`],
        stream: `/api/facilities/${facility}/dashboard/stream`,
      })),
      change: changes(places, {
        request: async ({ person, facility }) => {
          const body = { bloodType: 'O-', quantity: 1 };
          await send(client.user(person), 'POST', `/api/facilities/${facility}/requests`, body);
        },
        deliver: async ({ person, facility }, id) => {
          const path = `/api/facilities/${facility}/distributions/${id}/deliver`;
          await send(client.user(person), 'POST', path);
        },
      }),
    };
  },
};

type Place = { readonly person: Person; readonly facility: string };
type Places = {
  /** In the order of the applications' people. */
  readonly people: readonly Place[];
  /** What is on its way to each facility, of one unit each. */
  readonly underWay: ReadonlyMap<string, number[]>;
};

async function todaysOf({ database, people }: Applications): Promise<Places> {
  const sent = await database.sql<{ to: string; ids: string[] }>(
    `select dispatched_to as to, array_agg(id) as ids from facilities.distributions
     where delivered_on is null and quantity = 1 group by dispatched_to`,
  );
  const placeOf = await placesOf(database);
  return {
    people: people.map((person) => ({ person, facility: placeOf.get(person.id) ?? '' })),
    underWay: new Map(sent.map(({ to, ids }) => [to, ids.map(Number)])),
  };
}

type Writes = {
  request(place: Place): Promise<void>;
  deliver(place: Place, distribution: number): Promise<void>;
};

function changes({ people, underWay }: Places, { request, deliver }: Writes) {
  const watchersOf = new Map<string, number[]>();
  for (const [index, { facility }] of people.entries()) {
    watchersOf.set(facility, [...(watchersOf.get(facility) ?? []), index]);
  }
  return async (nth: number): Promise<Made> => {
    const place = people[(nth * 7) % people.length];
    if (place === undefined) throw new Error('there is nobody');
    const watchers = watchersOf.get(place.facility) ?? [];
    const distribution = underWay.get(place.facility)?.pop();
    if (nth % DELIVERY_EVERY !== 0 || distribution === undefined) {
      await request(place);
      return { watchers, pattern: REQUESTS };
    }
    await deliver(place, distribution);
    return { watchers, pattern: TRANSFERRED };
  };
}

export const facilities: Compared = {
  name: 'facilities',
  application: 'facilities: dashboards of today',
  manners: [scheduled, ours],
};
