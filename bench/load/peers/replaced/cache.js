/**
 * A cache with a time to live, in the process, and removal by hand. Those who ask while a value is
 * being computed share it, which not all that was replaced did: that is in its favour.
 */
export function createCache() {
  const entries = new Map();
  return {
    async get(key, ttlSeconds, fetch) {
      const known = entries.get(key);
      if (known !== undefined && performance.now() - known.at < ttlSeconds * 1000) {
        return await known.value;
      }
      const entry = { value: fetch(), at: performance.now() };
      entries.set(key, entry);
      return await entry.value;
    },
    invalidate: (key) => entries.delete(key),
  };
}
