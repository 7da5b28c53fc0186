import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from './children.js';

const HOST = '127.0.0.1';
const START_MS_MAX = 30_000;
const ANSWER_MS_MAX = 10_000;
/** Below those that the kernel gives to clients: ten thousand of these would hit a server's. */
const PORT_FIRST = 6_300;
const PORTS = 90;
const agent = new Agent({ keepAlive: true, maxSockets: 4 });

export type Answer = { readonly status: number; readonly body: string };

export async function call(
  port: number,
  path: string,
  { method = 'GET', body = '' }: { method?: 'GET' | 'POST'; body?: string } = {},
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-length': Buffer.byteLength(body), 'content-type': 'text/plain' };
    const sent = request({ host: HOST, port, path, method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.once('error', reject);
    });
    sent.setTimeout(ANSWER_MS_MAX, () => sent.destroy(new Error(`${path}: no answer`)));
    sent.once('error', reject);
    sent.end(body);
  });
}

export async function post(port: number, path: string, body: string): Promise<void> {
  const { status, body: answer } = await call(port, path, { method: 'POST', body });
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${answer}`);
}

/** Waits until something listens on the port. */
export async function listening(port: number, child: Child): Promise<void> {
  const deadline = Date.now() + START_MS_MAX;
  while (!(await connects(port))) {
    if (!child.running()) throw new Error(child.said());
    if (Date.now() > deadline) throw new Error(`nothing listens on ${port}; ${child.said()}`);
    await pause(20);
  }
}

async function connects(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

let portsUsed = 0;

/** Another port each time, so that no closed connection of the last one stands in the way. */
export function nextPort(): number {
  portsUsed += 1;
  return PORT_FIRST + (portsUsed % PORTS);
}
