import { USUAL_PORT } from '../config.js';
import { type Secrets, signatureOf } from './client.js';
import { PEOPLE } from './people.js';
import { tokenFor } from './token.js';

/** Where Uma works: sql/apps/demo/facilities.sql. */
const FACILITY = '00000000-0000-4000-b000-000000000001';

/** For each application a read, and a stream that moves. */
const EXAMPLES: readonly { readonly who: keyof typeof PEOPLE; readonly path: string }[] = [
  { who: 'admin', path: '/admin/counts' },
  { who: 'admin', path: '/admin/counts/stream' },
  { who: 'user', path: '/calls/invitations/pending' },
  { who: 'user', path: '/calls/invitations/pending/stream' },
  { who: 'admin', path: '/api/admin/stats' },
  { who: 'admin', path: '/api/admin/stats/stream' },
  { who: 'user', path: '/api/prefetch/bootstrap' },
  { who: 'validator', path: '/api/prefetch/dashboard-data' },
  { who: 'investor', path: '/api/investors/public?sector=energy&q=teach' },
  { who: 'user', path: `/v1/stream?topic=community_unread_messages:${PEOPLE.user.id}` },
  { who: 'user', path: `/api/facilities/${FACILITY}/dashboard` },
  { who: 'user', path: `/api/facilities/${FACILITY}/dashboard/stream` },
];

/** Tokens as shell variables, and lines that can be tried as they are. */
export async function demoLines(
  at: string,
  { jwtSecret, webhookSecret }: Secrets,
): Promise<string[]> {
  const tokens = Object.values(PEOPLE).map(async (person) => {
    return `  ${person.role.toUpperCase()}_TOKEN=${await tokenFor(person, jwtSecret)}`;
  });
  return [
    'Tokens of the demo, good for 30 days; paste them into a terminal first:',
    ...(await Promise.all(tokens)),
    `Then, for example, while ${trafficAt(at)} in another terminal writes a little all the time:`,
    ...EXAMPLES.map(({ who, path }) => {
      const flag = path.includes('/stream') ? '-N ' : '';
      const bearer = `"Authorization: Bearer $${PEOPLE[who].role.toUpperCase()}_TOKEN"`;
      return `  curl ${flag}-H ${bearer} '${at}${path}'`;
    }),
    ...(webhookSecret === undefined ? [] : [webhookLine(at, webhookSecret)]),
  ];
}

/** It has to be told where the server is, where that is not as usual. */
function trafficAt(at: string): string {
  const port = Number(new URL(at).port || '80');
  return port === USUAL_PORT ? 'make traffic' : `PORT=${port} make traffic`;
}

/** A message that can be reported as often as one likes: it counts once. */
function webhookLine(at: string, secret: string): string {
  const sentAt = new Date().toISOString();
  const body = JSON.stringify({
    messages: [{ id: `line-${sentAt}`, accountId: 'shop-01', sentAt }],
  });
  const headers = [
    'Content-Type: application/json',
    `X-Hub-Signature-256: ${signatureOf(body, secret)}`,
  ].map((header) => `-H '${header}'`);
  return `  curl ${headers.join(' ')} -d '${body}' '${at}/webhooks/instagram'`;
}
