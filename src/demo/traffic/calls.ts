import { PEOPLE } from '../people.js';
import type { Deed } from '../traffic.js';

type Pending = { invitations: { id: number; callerName: string }[] };

const ROOMS = 80;
const SECONDS = 20;

const invite: Deed = async (client, some) => {
  const caller = await client.other(1 + some.below(200));
  const { status } = await caller.send('POST', '/calls/invitations', {
    receiverId: PEOPLE.user.id,
    roomId: 1 + some.below(ROOMS),
    expiresInSeconds: SECONDS,
  });
  return status === 201 ? 'somebody calls Uma' : undefined;
};

const answer: Deed = async (client, some) => {
  const uma = await client.user(PEOPLE.user);
  const { json } = await uma.send('GET', '/calls/invitations/pending');
  const [first] = (json as Pending).invitations;
  if (first === undefined) return undefined;
  const verb = some.of(['accept', 'decline']);
  const { status } = await uma.send('POST', `/calls/invitations/${first.id}/${verb}`);
  return status === 200 ? `Uma ${verb}s the call of ${first.callerName}` : undefined;
};

export const calls: readonly Deed[] = [invite, answer];
