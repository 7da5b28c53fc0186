import { placesOf } from '../lib/places.js';
import type { PagesOf } from './page.js';

const DAYS = 365;
const DAY_MS = 86_400_000;

/** Of where one works. */
export const facilitiesPages: PagesOf = async (database) => {
  const placeOf = await placesOf(database);
  const path = (id: string, rest: string) => `/api/facilities/${placeOf.get(id)}/${rest}`;
  const today = Date.now();
  const daysAgo = (days: number) => new Date(today - days * DAY_MS).toISOString().slice(0, 10);
  return [
    {
      ...{ group: 'facility dashboards', weight: 12 },
      pathFor: ({ id }) => path(id, 'dashboard'),
    },
    {
      ...{ group: 'facility dashboards', weight: 3 },
      pathFor: ({ id }, some) => path(id, `dashboard?date=${daysAgo(2 + some.below(DAYS - 2))}`),
    },
    { group: 'facility history', weight: 3, pathFor: ({ id }) => path(id, 'history') },
    {
      ...{ group: 'facility stock and deliveries', weight: 2 },
      pathFor: ({ id }, some) => path(id, some.of(['inventory', 'distributions'])),
    },
  ];
};
