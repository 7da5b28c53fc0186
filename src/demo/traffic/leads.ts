import { PEOPLE } from '../people.js';
import type { Deed } from '../traffic.js';

const STATUSES = ['contacted', 'qualified', 'won', 'lost'] as const;
/** The newest of those that were taken down here, each with its owner's way to move it on. */
const KEPT_MAX = 20;
const taken: { id: unknown; move: (status: string) => Promise<unknown> }[] = [];

const takeDown: Deed = async (client, some) => {
  const owner = some.below(3) === 0 ? await client.user(PEOPLE.user) : await client.other(1);
  const name = some.text();
  const { status, json } = await owner.send('POST', '/leads', { name });
  if (status !== 201) return undefined;
  const move = (to: string) => owner.send('PATCH', `/v1/leads/${json.id}/status`, { status: to });
  taken.push({ id: json.id, move });
  return `a new lead: ${name}`;
};

const moveOn: Deed = async (_, some) => {
  const lead = taken[some.below(taken.length)];
  if (lead === undefined) return undefined;
  const status = some.of(STATUSES);
  await lead.move(status);
  if (taken.length > KEPT_MAX) taken.shift();
  return `lead ${lead.id} is ${status}`;
};

export const leads: readonly Deed[] = [takeDown, moveOn];
