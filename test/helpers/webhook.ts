import { createHmac } from 'node:crypto';
import { WEBHOOK_SECRET } from './app-server.js';
import { type Answer, ask } from './http.js';

/** Whoever reports messages, and signs as Meta does. */

export type Report = {
  readonly id: string;
  readonly accountId?: string;
  readonly status?: string;
  readonly sentAt?: string;
};

export type Sent = { readonly received: number; readonly new: number; readonly moved: number };

export function signatureOf(body: string, secret = WEBHOOK_SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** Bytes as they are, with that signature or none. */
export async function deliver(url: string, body: string, signature?: string): Promise<Answer> {
  return await ask(`${url}/webhooks/instagram`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(signature === undefined ? {} : { 'x-hub-signature-256': signature }),
    },
  });
}

/** Signed, as of now and of one account where nothing is said. */
export async function report(url: string, messages: readonly Report[]): Promise<Answer> {
  const sentAt = new Date().toISOString();
  const full = messages.map((message) => ({ accountId: 'shop', sentAt, ...message }));
  const body = JSON.stringify({ messages: full });
  return await deliver(url, body, signatureOf(body));
}
