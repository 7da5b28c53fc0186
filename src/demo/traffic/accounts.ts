import { PEOPLE } from '../people.js';
import type { Deed } from '../traffic.js';

type Waiting = { users: { id: string; name: string }[] };

const signUp: Deed = async ({ nobody }, some) => {
  const name = some.text();
  const email = `${name.replace(' ', '.')}${some.below(1_000_000_000)}@example.org`;
  const { status } = await nobody.send('POST', '/auth/signup', { email, name });
  return status === 201 ? `${name} signs up` : undefined;
};

const decide: Deed = async (client, some) => {
  const admin = await client.user(PEOPLE.admin);
  const { json } = await admin.send('GET', '/admin/pending-users');
  const [first] = (json as Waiting).users;
  if (first === undefined) return undefined;
  const path = `/admin/pending-users/${first.id}`;
  if (some.below(4) === 0) {
    await admin.send('DELETE', `${path}/reject`);
    return `Ada turns ${first.name} down`;
  }
  await admin.send('POST', `${path}/approve`);
  return `Ada lets ${first.name} in`;
};

export const accounts: readonly Deed[] = [signUp, decide];
