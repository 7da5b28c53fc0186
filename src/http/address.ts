import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const MAPPED = /^::ffff:(?=\d+\.)/i;

/**
 * Who is at the other end, for limits. Each proxy appends the address that it was called from, so
 * the entry that counts stands as many places from the end as there are proxies of ours: all
 * before it may have been made up by the client.
 */
export function addressOf(request: IncomingMessage, trustedProxies: number): string {
  const direct = plain(request.socket.remoteAddress ?? '');
  if (trustedProxies === 0) return direct;
  const header = request.headers['x-forwarded-for'];
  const chain = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
  const named = plain(withoutPort((chain.at(-trustedProxies) ?? '').trim()));
  return isIP(named) === 0 ? direct : named;
}

/** 1.2.3.4:5678 and [::1]:5678 come from some proxies. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  return bracketed ?? text.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1');
}

/** An IPv4 address is the same whether it came over a socket for both kinds or not. */
function plain(address: string): string {
  return address.replace(MAPPED, '');
}
