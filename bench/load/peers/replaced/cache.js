/** A cache with a time to live, in the process: values by key, and their removal by hand. */
export function createCache() {
  const entries = new Map();
  return {
    async get(key, ttlSeconds, fetch) {
      const known = entries.get(key);
      if (known !== undefined && performance.now() - known.at < ttlSeconds * 1000) {
        return known.value;
      }
      const value = await fetch();
      entries.set(key, { value, at: performance.now() });
      return value;
    },
    put: (key, value) => entries.set(key, { value, at: performance.now() }),
    invalidate: (key) => entries.delete(key),
  };
}
