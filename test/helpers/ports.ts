import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the range that the system hands out to outgoing connections, so that none is in the way. */
const FIRST = 21_000;
const LAST = 31_999;
const ATTEMPTS_MAX = 50;

/** A port on which nothing listens: `preferred` when that is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST} in ${ATTEMPTS_MAX} attempts`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
