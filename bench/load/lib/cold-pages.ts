import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../../lib/rounds.js';

const PAGE_BYTES = 4096;
const PAGES = 4000;
/** As long as nothing happens between two changes that come now and then. */
const IDLE_MS = 150;
const TIMES = 15;

/**
 * Microseconds to touch a page of memory again that nobody has touched for a while. Mostly nothing;
 * a virtual machine's host may have taken it away, and then whatever wakes up pays for each page.
 */
export async function coldPageUs(): Promise<number> {
  const memory = Buffer.alloc(PAGES * PAGE_BYTES, 1);
  const touch = () => {
    let sum = 0;
    for (let at = 0; at < memory.length; at += PAGE_BYTES) sum += memory[at] ?? 0;
    if (sum !== PAGES) throw new Error('memory does not keep what was written to it');
  };
  const times: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    await pause(IDLE_MS);
    const started = performance.now();
    touch();
    times.push(((performance.now() - started) * 1000) / PAGES);
  }
  return median(times);
}
