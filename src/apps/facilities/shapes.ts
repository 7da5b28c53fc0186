import { z } from 'zod';
import { rowId } from '../kit/digits.js';

/** What the routes of facilities take and answer. */

export const facilityPath = z.object({
  id: z.guid().toLowerCase().meta({ description: 'The facility.' }),
});
export const after = z.object({
  after: rowId.optional().meta({ description: 'The last one of the page before.' }),
});

export const bloodType = z.enum(['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+']);
export const quantity = z.int().min(1).max(100_000);

export const date = z.iso.date().refine((day) => day >= '1900-01-01', 'is before 1900-01-01');
export const day = z
  .object({
    facilityId: z.guid(),
    date,
    totalStock: z.int().meta({ description: 'Units in stock: now, or when that day ended.' }),
    totalTransferred: z.int().meta({ description: 'Units that arrived there on that day.' }),
    totalRequests: z.int().meta({ description: 'Requests that were made there on that day.' }),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'FacilityDay', description: 'A day of a facility, by its own clock.' });
export const item = z
  .object({
    id: z.int(),
    bloodBankId: z.guid(),
    facilityId: z.guid(),
    bloodType,
    quantity: z.int().meta({ description: 'Units left.' }),
    state: z.enum(['stock', 'issued', 'expired']),
    receivedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'InventoryItem', description: 'Units that came in together.' });
export const request = z
  .object({
    id: z.int(),
    facilityId: z.guid(),
    bloodType,
    quantity: z.int(),
    createdAt: z.iso.datetime(),
    createdOn: date,
  })
  .meta({ id: 'BloodRequest', description: 'Units that a facility asks for.' });
export const distribution = z
  .object({
    id: z.int(),
    fromFacilityId: z.guid(),
    toFacilityId: z.guid(),
    bloodType,
    quantity: z.int(),
    dispatchedAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
    deliveredOn: date.nullable().meta({ description: 'By the clock of where it arrived.' }),
  })
  .meta({ id: 'Distribution', description: 'Units on their way to a facility, or arrived there.' });
