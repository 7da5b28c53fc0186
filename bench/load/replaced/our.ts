import type { Client as DemoClient, User } from '../../../src/demo/client.js';
import { type Applications, type Person, startApplications } from '../lib/applications.js';
import type { Child } from '../lib/children.js';

export type Our = {
  readonly child: Child;
  readonly port: number;
  readonly client: DemoClient;
  send(
    user: User | Promise<User>,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Record<string, unknown>>;
};

/** Our server, and writes through its routes that have to succeed. */
export async function startOur(applications: Applications): Promise<Our> {
  const { child, port, client } = await startApplications(applications);
  return {
    ...{ child, port, client: client() },
    send: async (user, method, path, body) => {
      const { status, json } = await (await user).send(method, path, body);
      if (status < 300) return json;
      throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    },
  };
}

export function bearer({ token }: Person): string {
  return `Authorization: Bearer ${token}\r\n`;
}
