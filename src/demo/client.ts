import { createHmac } from 'node:crypto';
import { otherId, type Person } from './people.js';
import { tokenFor } from './token.js';

export type Secrets = { readonly jwtSecret: string; readonly webhookSecret: string | undefined };

export type Sent = { readonly status: number; readonly json: Record<string, unknown> };

/** Hears of each answer. */
export type OnSent = (sent: { method: string; path: string; status: number }) => void;

/** Somebody who uses the server, as a browser would. */
export type User = {
  readonly id: string;
  send(method: string, path: string, body?: unknown): Promise<Sent>;
};

export type Client = {
  user(person: Pick<Person, 'id' | 'role'>): Promise<User>;
  /** One of the others, by number. */
  other(number: number): Promise<User>;
  readonly nobody: User;
  /** As the service that sends webhooks signs them. */
  webhook(path: string, body: unknown): Promise<Sent>;
};

export function createClient(
  at: string,
  { jwtSecret, webhookSecret }: Secrets,
  onSent: OnSent = () => undefined,
): Client {
  const users = new Map<string, Promise<User>>();
  const user = ({ id, role }: Pick<Person, 'id' | 'role'>): Promise<User> => {
    const key = `${role} ${id}`;
    const known =
      users.get(key) ?? tokenFor({ id, role }, jwtSecret).then((token) => as(id, token));
    users.set(key, known);
    return known;
  };
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
  ) => {
    const sent = await send(at + path, method, headers, body);
    onSent({ method, path, status: sent.status });
    return sent;
  };
  const as = (id: string, token: string): User => ({
    id,
    send: (method, path, body) => ask(method, path, bearer(token), textOf(body)),
  });
  return {
    user,
    other: (number) => user({ id: otherId(number), role: 'user' }),
    nobody: as('', ''),
    webhook: async (path, body) => {
      const text = JSON.stringify(body);
      const signature = signatureOf(text, webhookSecret ?? '');
      return await ask('POST', path, { 'x-hub-signature-256': signature }, text);
    },
  };
}

/** As the service that sends webhooks signs them. */
export function signatureOf(text: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
}

function bearer(token: string): Record<string, string> {
  return token === '' ? {} : { authorization: `Bearer ${token}` };
}

function textOf(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

async function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Sent> {
  const type: Record<string, string> =
    body === undefined ? {} : { 'content-type': 'application/json' };
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...type },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
