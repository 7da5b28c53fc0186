import { z } from 'zod';
import type { Topic } from '../live/topic.js';
import type { App } from './kit/app.js';
import type { Asker } from './kit/asking.js';
import { rowId } from './kit/digits.js';
import { shown } from './kit/shown.js';
import { text } from './kit/text.js';
import { write } from './kit/write.js';

/** Leads and their owners; and the two badges, of pending users and of new leads. */

const tag = 'leads';
const status = z.enum(['new', 'contacted', 'qualified', 'won', 'lost']);
const lead = z
  .object({
    id: z.int(),
    ownerId: z.guid(),
    name: z.string(),
    email: z.string().nullable(),
    status,
  })
  .meta({ id: 'Lead', description: 'Somebody who may buy.' });
const counts = z
  .object({
    pendingCount: z.int().nullable().meta({ description: 'Users who wait; null but for admins.' }),
    newLeadsCount: z.int().meta({ description: 'New leads: all for admins, else your own.' }),
  })
  .meta({ id: 'Counts', description: 'Both badges, of one instant.' });

function badges({ me, roles }: Asker): { pending: Topic | undefined; leads: Topic } {
  if (!roles.includes('admin')) {
    return { pending: undefined, leads: { name: 'new_leads_of', scope: me ?? '' } };
  }
  return {
    pending: { name: 'pending_users', scope: '' },
    leads: { name: 'new_leads', scope: '' },
  };
}

export const leads: App = {
  schema: 'leads',
  routes: [
    shown({
      ...{ id: 'counts', path: '/admin/counts', tag },
      summary: 'The badges: pending users and new leads',
      may: 'signed-in',
      answer: counts,
      topics: (asker) => {
        const { pending, leads: fresh } = badges(asker);
        return pending === undefined ? [fresh] : [pending, fresh];
      },
      compose: (asker) => {
        const { pending, leads: fresh } = badges(asker);
        const freshText = fresh.scope === '' ? fresh.name : `${fresh.name}:${fresh.scope}`;
        return (values) => {
          const newLeads = values.get(freshText);
          const waiting = pending === undefined ? 'null' : values.get(pending.name);
          if (newLeads === undefined || waiting === undefined) return undefined;
          return `{"pendingCount":${waiting},"newLeadsCount":${newLeads}}`;
        };
      },
    }),
    write({
      ...{ id: 'create-lead', method: 'post', path: '/leads', tag },
      summary: 'Take down a lead, for yourself or (as an admin) for somebody else',
      may: 'signed-in',
      body: z.strictObject({
        name: text.min(1).max(200),
        email: z.email().max(254).optional(),
        ownerId: z.guid().optional(),
      }),
      status: 201,
      answer: lead,
      call: 'leads.create_lead(p_me => $1, p_roles => $2, p_owner => $3, p_name => $4, p_email => $5)',
      values: ({ me, roles, body }) => [me, roles, body.ownerId, body.name, body.email],
    }),
    write({
      ...{ id: 'move-lead', method: 'patch', path: '/v1/leads/{id}/status', tag },
      summary: 'Move a lead on',
      may: 'signed-in',
      inPath: z.object({ id: rowId }),
      body: z.strictObject({ status }),
      answer: lead,
      call: 'leads.move_lead(p_me => $1, p_roles => $2, p_lead => $3, p_status => $4)',
      values: ({ me, roles, path, body }) => [me, roles, path.id, body.status],
    }),
  ],
};
