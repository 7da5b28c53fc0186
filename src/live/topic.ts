/** A counter or a summary in one scope; written `name`, or `name:scope` where scope is not ''. */
export type Topic = { readonly name: string; readonly scope: string };

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const SCOPE_BYTES_MAX = 512;

/** What every name looks like, for messages. */
export const TOPIC_RULE = `name or name:scope, where a name is a lower-case letter and then letters, \
digits or _ (63 at most), and a scope at most ${SCOPE_BYTES_MAX} bytes`;

/** Undefined for what cannot be a topic. A scope may hold colons, a name never does. */
export function parseTopic(text: string): Topic | undefined {
  const colon = text.indexOf(':');
  return colon < 0 ? topicOf(text, '') : topicOf(text.slice(0, colon), text.slice(colon + 1));
}

export function topicOf(name: string, scope: string): Topic | undefined {
  if (!NAME.test(name)) return undefined;
  // PostgreSQL's text holds neither NUL nor half a surrogate pair.
  if (scope.includes('\0') || !scope.isWellFormed()) return undefined;
  if (scope.length > SCOPE_BYTES_MAX || Buffer.byteLength(scope) > SCOPE_BYTES_MAX)
    return undefined;
  return { name, scope };
}

export function topicText({ name, scope }: Topic): string {
  return scope === '' ? name : `${name}:${scope}`;
}
