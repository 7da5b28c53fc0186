import type { Topic } from './topic.js';

/** Who asks. Nobody in particular is undefined: only public topics are for him. */
export type Viewer = {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Whose topics of audience `owner` he may read for once beside his own, as SQL has found. */
  readonly actsFor?: string;
  /** When the token ends, in ms since 1970. */
  readonly expiresAt: number;
};

export type Verdict = 'allowed' | 'hidden' | 'unauthenticated' | 'forbidden';

const ADMIN = 'admin';
const ROLE = 'role:';

/** Names are no secret, values are: only a private topic does not exist for anybody out here. */
export function judge(audience: string, topic: Topic, viewer: Viewer | undefined): Verdict {
  if (audience === 'public') return 'allowed';
  if (audience !== 'owner' && !audience.startsWith(ROLE)) return 'hidden';
  if (viewer === undefined) return 'unauthenticated';
  return isMeant(audience, topic, viewer) ? 'allowed' : 'forbidden';
}

/** Whether somebody may read what has this audience. */
export function readableBy(viewer: Viewer | undefined) {
  return ({ audience, topic }: { audience: string; topic: Topic }): boolean =>
    judge(audience, topic, viewer) === 'allowed';
}

function isMeant(audience: string, topic: Topic, viewer: Viewer): boolean {
  const { subject, roles, actsFor } = viewer;
  if (audience !== 'owner') return roles.includes(audience.slice(ROLE.length));
  if (roles.includes(ADMIN)) return true;
  const slash = topic.scope.indexOf('/');
  const owner = slash < 0 ? topic.scope : topic.scope.slice(0, slash);
  return owner !== '' && (owner === subject || owner === actsFor);
}
