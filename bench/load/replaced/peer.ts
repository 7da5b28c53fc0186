import type { Applications } from '../lib/applications.js';
import type { Child } from '../lib/children.js';
import { nextPort } from '../lib/http.js';
import { startPeer } from '../sides/node-peer.js';

export type Peer = {
  readonly child: Child;
  readonly port: number;
  /** As somebody; resolves with what it answers. */
  send(method: string, path: string, me: string, body: unknown): Promise<Record<string, unknown>>;
};

/** One of peers/replaced, which takes whoever asks at his word. */
export async function startReplaced(
  name: string,
  { database }: Applications,
  env: Readonly<Record<string, string>> = {},
): Promise<Peer> {
  const port = nextPort();
  const all = { DATABASE_URL: database.url, ...env };
  const child = await startPeer(`replaced/${name}.js`, port, all);
  return {
    child,
    port,
    send: async (method, path, me, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { 'x-user': me, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${child.said()}`);
      return (await response.json()) as Record<string, unknown>;
    },
  };
}

/** How the load client says who asks. */
export function headOf({ id }: { readonly id: string }): string {
  return `X-User: ${id}\r\n`;
}
