import { connect } from '../../../src/database.js';
import type { Target } from '../client/protocol.js';
import { collect, peersMissing, startPeer } from './node-peer.js';
import { changeText, needleOf, type RunningSide, type Side } from './side.js';

/** Engine.IO's text frame "40", which joins the namespace; a client's frames are masked. */
const JOIN = '\x81\x82\0\0\0\x0040';
const BROADCAST = 3;
const EVENT = 2;

/**
 * Socket.IO over WebSocket with its Postgres adapter. A change is published as another server of
 * its cluster does it: by NOTIFY, to a room that everybody has joined.
 */
export const socketIo: Side = {
  name: 'Socket.IO, Postgres adapter',
  missing: peersMissing,
  start: async ({ database }, port): Promise<RunningSide> => {
    const child = await startPeer('socket-io.js', port, { DATABASE_URL: database.url });
    const client = await connect(database.url, 'pgtally load');
    let value = 0;
    return {
      pid: child.pid,
      target: targetOf(port),
      next: () => {
        value += 1;
        const payload = emission(value);
        return {
          needle: needleOf(value),
          publish: async () => {
            const begun = process.hrtime.bigint();
            await client.query('select pg_notify($1, $2)', ['socket.io#/', payload]);
            return { begun };
          },
        };
      },
      collect: () => collect(child),
      stop: async () => {
        await client.end();
        await child.stop();
      },
    };
  },
};

function emission(value: number): string {
  const packet = { type: EVENT, data: ['update', JSON.parse(changeText(value))], nsp: '/' };
  const opts = { rooms: ['load_rows'], flags: {}, except: [] };
  return JSON.stringify({ uid: 'emitter', nsp: '/', type: BROADCAST, data: { packet, opts } });
}

function targetOf(port: number): Target {
  const request = [
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  return {
    port,
    request: `${request.join('\r\n')}\r\n\r\n`,
    reply: { greeting: '"sid":"', bytes: JOIN },
    ready: '40{"sid"',
  };
}
