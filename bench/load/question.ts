import type { Figures } from '../lib/figures.js';
import type { Server } from '../lib/server.js';
import type { Scale } from './options.js';

export type Load = {
  readonly server: Server;
  readonly scale: Scale;
  /** Progress, for whoever waits. */
  readonly log: (line: string) => void;
};

export type Question = {
  readonly name: string;
  readonly asks: string;
  /** How often it measures, where --rounds is no matter. */
  readonly rounds?: number;
  answer(load: Load): Promise<Figures>;
};
