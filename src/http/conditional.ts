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

export function encodedTag(etag: string, encoding: string): string {
  return `${etag.slice(0, -1)}-${encoding}"`;
}
