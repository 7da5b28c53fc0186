import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { type Fault, Pipe, reset } from './pipe.js';

/**
 * A TCP proxy that does to connections what networks do: in front of PostgreSQL, or of a server.
 * Faults hold for all connections that are chosen, and, when none is singled out, for new ones.
 */

const FIRST_PORT = 6400;
const LAST_PORT = 6499;

export type Connection = {
  /** The first bytes that the client sent: of PostgreSQL's, they name its application. */
  readonly greeting: string;
  set(fault: Fault): void;
  /** reset: as when a machine vanishes. end: as when a program closes. */
  cut(how: 'reset' | 'end'): void;
};

export type Chosen = (connection: Connection) => boolean;

export type TcpProxy = {
  readonly port: number;
  readonly target: string;
  /** The same address, through the proxy. */
  through(url: string): string;
  connections(chosen?: Chosen): Connection[];
  /** Connections that were ever accepted. */
  accepted(): number;
  /** Without a choice also all that come later. */
  set(fault: Fault, chosen?: Chosen): void;
  /** New connections are reset from now on; those that stand go on. */
  refuse(refused: boolean): void;
  cut(how: 'reset' | 'end', chosen?: Chosen): number;
  close(): Promise<void>;
};

/** Chooses connections to PostgreSQL by the application that they name. */
export function ofApplication(name: string): Chosen {
  return ({ greeting }) => greeting.includes(`\0${name}\0`);
}

export async function openProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort } = new URL(target);
  const open = new Set<Link>();
  let standing: Fault = {};
  let isRefusing = false;
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    if (isRefusing) {
      reset(client.on('error', () => undefined));
      return;
    }
    const link = new Link(client, { host: hostname, port: Number(targetPort) }, standing);
    open.add(link);
    link.whenOver(() => open.delete(link));
  });
  const port = await listen(server);
  const connections = (chosen: Chosen = () => true) => [...open].filter(chosen);
  return {
    port,
    target,
    through: (url) => {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.href;
    },
    connections,
    accepted: () => accepted,
    set: (fault, chosen) => {
      if (chosen === undefined) standing = fault;
      for (const connection of connections(chosen)) connection.set(fault);
    },
    refuse: (refused) => {
      isRefusing = refused;
    },
    cut: (how, chosen) => {
      const cut = connections(chosen);
      for (const connection of cut) connection.cut(how);
      return cut.length;
    },
    close: async () => {
      for (const link of open) link.cut('reset');
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** One client's connection and the one that goes on from here. */
class Link implements Connection {
  readonly #client: Socket;
  readonly #pipes: readonly Pipe[];
  readonly #server: Socket;
  #greeting = '';

  constructor(client: Socket, target: { host: string; port: number }, fault: Fault) {
    this.#client = client;
    this.#server = dial({ ...target, allowHalfOpen: true, noDelay: true });
    client.once('data', (bytes) => {
      this.#greeting = bytes.toString('latin1');
    });
    this.#pipes = [new Pipe(client, this.#server, fault), new Pipe(this.#server, client, fault)];
  }

  get greeting(): string {
    return this.#greeting;
  }

  set(fault: Fault): void {
    for (const pipe of this.#pipes) pipe.set(fault);
  }

  cut(how: 'reset' | 'end'): void {
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset') reset(socket);
      else {
        socket.end();
        socket.destroySoon();
      }
    }
  }

  whenOver(then: () => void): void {
    let left = 2;
    for (const socket of [this.#client, this.#server]) {
      socket.once('close', () => {
        left -= 1;
        if (left === 0) then();
      });
    }
  }
}

/** Many test files open proxies at once, so a port that is taken only means the next one. */
async function listen(server: Server): Promise<number> {
  const count = LAST_PORT - FIRST_PORT + 1;
  const start = Math.floor(Math.random() * count);
  for (let attempt = 0; attempt < count; attempt += 1) {
    const port = FIRST_PORT + ((start + attempt) % count);
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      return port;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT}`);
}
