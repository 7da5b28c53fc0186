import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range that the system hands out to outgoing connections, so that none is in the way. */
const FIRST = 21_000;
const LAST = 31_999;
const SHARE = 100;

/** The ports above this one are this process's own, as long as it listens there. */
let share: Promise<number> | undefined;
let given = 0;

/**
 * A port on which nothing listens: `preferred` when that is free. Another process is never given the
 * same one, nor is this one again until it has been given all of its share.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  share ??= claimShare();
  const base = await share;
  for (let attempt = 1; attempt < SHARE; attempt += 1) {
    given = (given % (SHARE - 1)) + 1;
    const port = base + given;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port between ${base + 1} and ${base + SHARE - 1}`);
}

/** To listen is to claim: it fails where another process does, and ends with this one. */
async function claimShare(): Promise<number> {
  const shares = Math.floor((LAST + 1 - FIRST) / SHARE);
  const start = Math.floor(Math.random() * shares);
  for (let attempt = 0; attempt < shares; attempt += 1) {
    const base = FIRST + ((start + attempt) % shares) * SHARE;
    const server = await listenOn(base);
    if (server === undefined) continue;
    server.unref();
    return base;
  }
  throw new Error(`no free port of ${shares} between ${FIRST} and ${LAST}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = await listenOn(port);
  if (server === undefined) return false;
  server.close();
  await once(server, 'close');
  return true;
}

async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    return undefined;
  }
}
