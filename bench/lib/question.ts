import type { Figures } from './figures.js';
import type { Scale } from './options.js';
import type { Pgbench } from './pgbench.js';
import type { Server } from './server.js';

export type Bench = {
  readonly server: Server;
  readonly scale: Scale;
  readonly pgbench: Pgbench;
  /** Progress, for whoever waits. */
  readonly log: (line: string) => void;
};

export type Question = {
  /** The folder it stands in. */
  readonly name: string;
  readonly asks: string;
  answer(bench: Bench): Promise<Figures>;
};
