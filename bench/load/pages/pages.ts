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

/** What each of them opens, so many times: made beforehand, so that the client only asks. */
export async function planVisits(
  { database, people }: Applications,
  times: number,
  some: Some,
): Promise<Plan> {
  const pages = (await Promise.all(ALL.map((of) => of(database, people)))).flat();
  const groups = [...new Set(pages.map(({ group }) => group))];
  const visitors = people.map((person, index): Visitor => {
    const choices = choicesFor(person, pages);
    const visits = Array.from({ length: times }, () => {
      const { group, pathFor } = some.of(choices);
      return [groups.indexOf(group), pathFor(person, some)] as const;
    });
    const head = `Authorization: Bearer ${person.token}\r\n`;
    return { head, remembers: index % 2 === 0, visits };
  });
  return { groups, visitors };
}

/** Each page as often as it weighs. */
function choicesFor({ role }: Person, pages: readonly Page[]): readonly [Page, ...Page[]] {
  const [first, ...others] = pages
    .filter(({ roles }) => roles === undefined || roles.includes(role))
    .flatMap((page) => Array.from({ length: page.weight }, () => page));
  if (first === undefined) throw new Error(`no page is for the role ${role}`);
  return [first, ...others];
}
