import { PEOPLE } from '../people.js';
import type { Deed } from '../traffic.js';

/** Where Uma works: sql/apps/demo/facilities.sql. */
const FACILITY = '00000000-0000-4000-b000-000000000001';
const BANK = '00000000-0000-4000-a001-000000000001';
const TYPES = ['O-', 'O+', 'A-', 'A+', 'B-', 'B+', 'AB-', 'AB+'] as const;
const SHELF_MS = 35 * 86_400_000;

type Items = { items: { id: number; quantity: number }[] };

const request: Deed = async (client, some) => {
  const uma = await client.user(PEOPLE.user);
  const body = { bloodType: some.of(TYPES), quantity: 1 + some.below(5) };
  const { status } = await uma.send('POST', `/api/facilities/${FACILITY}/requests`, body);
  return status === 201 ? `a request for ${body.quantity} of ${body.bloodType}` : undefined;
};

const takeIn: Deed = async (client, some) => {
  const uma = await client.user(PEOPLE.user);
  const { status } = await uma.send('POST', `/api/facilities/${FACILITY}/inventory`, {
    bloodBankId: BANK,
    bloodType: some.of(TYPES),
    quantity: 1 + some.below(20),
    expiresAt: new Date(Date.now() + SHELF_MS).toISOString(),
  });
  return status === 201 ? 'blood comes in' : undefined;
};

const issue: Deed = async (client) => {
  const uma = await client.user(PEOPLE.user);
  const path = `/api/facilities/${FACILITY}/inventory`;
  const { json } = await uma.send('GET', path);
  const [first] = (json as Items).items;
  if (first === undefined) return undefined;
  const { status } = await uma.send('POST', `${path}/${first.id}/issue`, { quantity: 1 });
  return status === 200 ? `one unit of ${first.id} is issued` : undefined;
};

export const facilities: readonly Deed[] = [request, takeIn, issue];
