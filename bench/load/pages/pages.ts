import type { Some } from '../../../src/demo/traffic.js';
import type { Visitor } from '../client/visits.js';
import type { Applications, Person } from '../lib/applications.js';
import { callsPages } from './calls.js';
import { communityPages } from './community.js';
import { facilitiesPages } from './facilities.js';
import { leadsPages } from './leads.js';
import { messagesPages } from './messages.js';
import type { Page, PagesOf } from './page.js';

const ALL: readonly PagesOf[] = [
  leadsPages,
  callsPages,
  messagesPages,
  communityPages,
  facilitiesPages,
];

export type Plan = { readonly groups: readonly string[]; readonly visitors: readonly Visitor[] };

type Lengths = {
  readonly warmUp: number;
  readonly times: number;
  /** This group's pages, and no others. */
  readonly only?: string;
};

/**
 * What each of them opens, so many times: made beforehand, so that the client only asks. To warm up
 * they open all pages in turn, those of their role first; from then on as the pages weigh.
 */
export async function planVisits(
  { database, people }: Applications,
  { warmUp, times, only }: Lengths,
  some: Some,
): Promise<Plan> {
  const every = (await Promise.all(ALL.map((of) => of(database, people)))).flat();
  const pages = every.filter(({ group }) => only === undefined || group === only);
  const groups = [...new Set(pages.map(({ group }) => group))];
  const visitors = people.map((person, index): Visitor => {
    const [first, ...others] = pagesFor(person, pages);
    if (first === undefined) throw new Error(`no page is for the role ${person.role}`);
    const all = [first, ...others];
    const weighed = all.flatMap((page) => Array.from({ length: page.weight }, () => page));
    const visits = Array.from({ length: warmUp + times }, (_, nth) => {
      const inTurn = all[(index + nth) % all.length] ?? first;
      const { group, pathFor } =
        nth < warmUp ? inTurn : (weighed[some.below(weighed.length)] ?? first);
      return [groups.indexOf(group), pathFor(person, some)] as const;
    });
    const head = `Authorization: Bearer ${person.token}\r\n`;
    return { head, remembers: index % 2 === 0, visits };
  });
  return { groups, visitors };
}

function pagesFor({ role }: Person, pages: readonly Page[]): Page[] {
  const own = pages.filter(({ roles }) => roles?.includes(role) === true);
  return [...own, ...pages.filter(({ roles }) => roles === undefined)];
}
