/** A compressed answer is other bytes, so its strong tag is another: "x" is then "x-br". */
const ENCODED = /-(?:br|gzip)"$/;
const TAGS = /(?:W\/)?("[^"]*")/g;

/** Whether the client has this already, in whichever encoding it got it. */
export function hasAlready(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag) return true;
  if (ifNoneMatch.trim() === '*') return true;
  for (const [, tag = ''] of ifNoneMatch.matchAll(TAGS)) {
    if (tag === etag || tag.replace(ENCODED, '"') === etag) return true;
  }
  return false;
}

/** The tag of the answer that the client has, in the encoding in which it got it. */
export function knownTag(ifNoneMatch: string | undefined, etag: string): string {
  const tags = [...(ifNoneMatch ?? '').matchAll(TAGS)].map(([, tag = '']) => tag);
  return tags.find((tag) => tag === etag || tag.replace(ENCODED, '"') === etag) ?? etag;
}

export function encodedTag(etag: string, encoding: string): string {
  return `${etag.slice(0, -1)}-${encoding}"`;
}
