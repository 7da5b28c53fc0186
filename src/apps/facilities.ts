import { z } from 'zod';
import { type Topic, topicText } from '../live/topic.js';
import {
  after,
  bloodType,
  date,
  day,
  distribution,
  facilityPath,
  item,
  quantity,
  request,
} from './facilities/shapes.js';
import type { App } from './kit/app.js';
import { cursor, next } from './kit/cursor.js';
import { rowId } from './kit/digits.js';
import { instant } from './kit/instant.js';
import { page } from './kit/page.js';
import { type AskedFor, shown } from './kit/shown.js';
import { write } from './kit/write.js';

/** Facilities: what comes in and goes out, what is asked for, and a dashboard for each day. */

const tag = 'facilities';
type OfFacility = AskedFor<typeof facilityPath>;

function topicsOf({ me, roles, path }: OfFacility): { today: Topic; staff: Topic | undefined } {
  const today = { name: 'facility_today', scope: path.id };
  if (roles.includes('admin')) return { today, staff: undefined };
  return { today, staff: { name: 'facility_staff', scope: `${me}/${path.id}` } };
}

export const facilities: App = {
  schema: 'facilities',
  routes: [
    page({
      ...{ id: 'facility-dashboard', path: '/api/facilities/{id}/dashboard', tag },
      summary: "A facility's figures of a day",
      may: 'signed-in',
      inPath: facilityPath,
      inQuery: z.object({
        date: date.optional().meta({ description: 'Where none is named, it is today there.' }),
      }),
      answer: day,
      call: `facilities.dashboard(p_me => $1, p_roles => $2,
        p_facility => $3, p_date => $4)`,
      values: ({ me, roles, path, query }) => [me, roles, path.id, query.date],
    }),
    shown({
      ...{ id: 'facility-dashboard', path: '/api/facilities/{id}/dashboard', tag },
      summary: "A facility's figures of today",
      may: 'signed-in',
      only: 'stream',
      inPath: facilityPath,
      actsFor: {
        call: 'facilities.admit(p_me => $1, p_roles => $2, p_facility => $3)',
        values: ({ me, roles, path }) => [me, roles, path.id],
      },
      answer: day.nullable(),
      topics: (asked) => {
        const { today, staff } = topicsOf(asked);
        return staff === undefined ? [today] : [today, staff];
      },
      compose: (asked) => {
        const { today, staff } = topicsOf(asked);
        return (values) => {
          const rows = staff === undefined ? '1' : values.get(topicText(staff));
          // Who is not on the staff any more is shown nothing more.
          return rows === '0' ? 'null' : rows && values.get(topicText(today));
        };
      },
    }),
    page({
      ...{ id: 'facility-history', path: '/api/facilities/{id}/history', tag },
      summary: "A facility's days, as they closed, and today as it is",
      may: 'signed-in',
      inPath: facilityPath,
      inQuery: z.object({
        from: date.optional().meta({ description: 'Where none is named, 29 days before `to`.' }),
        to: date.optional().meta({ description: 'Today there, where none is named.' }),
      }),
      answer: z
        .object({ facilityId: z.guid(), from: date, to: date, days: z.array(day).max(366) })
        .meta({ id: 'FacilityHistory' }),
      call: `facilities.history(p_me => $1, p_roles => $2, p_facility => $3,
        p_from => $4, p_to => $5)`,
      values: ({ me, roles, path, query }) => [me, roles, path.id, query.from, query.to],
    }),
    write({
      ...{ id: 'request-blood', method: 'post', path: '/api/facilities/{id}/requests', tag },
      summary: 'Ask for blood',
      may: 'signed-in',
      inPath: facilityPath,
      body: z.strictObject({ bloodType, quantity }),
      status: 201,
      answer: request,
      call: `facilities.request(p_me => $1, p_roles => $2, p_facility => $3,
        p_blood_type => $4, p_quantity => $5)`,
      values: ({ me, roles, path, body }) => [me, roles, path.id, body.bloodType, body.quantity],
    }),
    page({
      ...{ id: 'inventory', path: '/api/facilities/{id}/inventory', tag },
      summary: 'What a facility has in stock, soonest to expire first',
      may: 'signed-in',
      inPath: facilityPath,
      inQuery: z.object({ after: cursor }),
      answer: z.object({ items: z.array(item), next }).meta({ id: 'Inventory' }),
      call: `facilities.in_stock(p_me => $1, p_roles => $2,
        p_facility => $3, p_after => $4)`,
      values: ({ me, roles, path, query }) => [me, roles, path.id, query.after],
    }),
    write({
      ...{ id: 'take-in', method: 'post', path: '/api/facilities/{id}/inventory', tag },
      summary: 'Take units in, in one of its blood banks',
      may: 'signed-in',
      inPath: facilityPath,
      body: z.strictObject({
        bloodBankId: z.guid(),
        bloodType,
        quantity,
        expiresAt: instant,
      }),
      status: 201,
      answer: item,
      call: `facilities.take_in(p_me => $1, p_roles => $2, p_facility => $3,
        p_bank => $4, p_blood_type => $5, p_quantity => $6, p_expires_at => $7)`,
      values: ({ me, roles, path, body }) => [
        ...[me, roles, path.id, body.bloodBankId, body.bloodType],
        ...[body.quantity, body.expiresAt],
      ],
    }),
    write({
      ...{
        id: 'issue',
        method: 'post',
        path: '/api/facilities/{id}/inventory/{itemId}/issue',
        tag,
      },
      summary: 'Use units, some of an item or all of it',
      may: 'signed-in',
      inPath: facilityPath.extend({ itemId: rowId }),
      body: z.strictObject({ quantity }),
      answer: item,
      problems: ['conflict'],
      call: `facilities.issue(p_me => $1, p_roles => $2, p_facility => $3,
        p_item => $4, p_quantity => $5)`,
      values: ({ me, roles, path, body }) => [me, roles, path.id, path.itemId, body.quantity],
    }),
    page({
      ...{ id: 'under-way', path: '/api/facilities/{id}/distributions', tag },
      summary: 'What is on its way to a facility, longest first',
      may: 'signed-in',
      inPath: facilityPath,
      inQuery: after,
      answer: z.object({ distributions: z.array(distribution) }).meta({ id: 'Distributions' }),
      call: `facilities.under_way(p_me => $1, p_roles => $2,
        p_facility => $3, p_after => $4)`,
      values: ({ me, roles, path, query }) => [me, roles, path.id, query.after],
    }),
    write({
      ...{ id: 'dispatch', method: 'post', path: '/api/facilities/{id}/distributions', tag },
      summary: 'Send units of an item to a facility',
      may: 'signed-in',
      inPath: facilityPath,
      body: z.strictObject({
        itemId: z.int().positive(),
        quantity,
        toFacilityId: z.guid(),
      }),
      status: 201,
      answer: distribution,
      problems: ['conflict'],
      call: `facilities.dispatch(p_me => $1, p_roles => $2, p_facility => $3,
        p_item => $4, p_quantity => $5, p_to => $6)`,
      values: ({ me, roles, path, body }) => [
        ...[me, roles, path.id, body.itemId, body.quantity, body.toFacilityId],
      ],
    }),
    write({
      ...{ id: 'deliver', method: 'post', tag },
      path: '/api/facilities/{id}/distributions/{distributionId}/deliver',
      summary: 'Say that units have arrived, at the facility that they were sent to',
      may: 'signed-in',
      inPath: facilityPath.extend({ distributionId: rowId }),
      answer: distribution,
      problems: ['conflict'],
      call: `facilities.deliver(p_me => $1, p_roles => $2,
        p_facility => $3, p_distribution => $4)`,
      values: ({ me, roles, path }) => [me, roles, path.id, path.distributionId],
    }),
    write({
      ...{ id: 'move-bank', method: 'post', path: '/api/facilities/blood-banks/{id}/move', tag },
      summary: 'Move a blood bank to another facility, with its stock',
      may: 'role:admin',
      inPath: z.object({ id: z.guid().meta({ description: 'The blood bank.' }) }),
      body: z.strictObject({ toFacilityId: z.guid() }),
      answer: z.object({ id: z.guid(), facilityId: z.guid() }).meta({ id: 'BloodBank' }),
      call: 'facilities.move_bank(p_bank => $1, p_to => $2)',
      values: ({ path, body }) => [path.id, body.toFacilityId],
    }),
  ],
};
