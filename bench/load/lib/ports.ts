/** Below those that the kernel gives to clients: ten thousand of these would hit a server's. */
const FIRST = 6_300;
const COUNT = 90;

let used = 0;

/** Another port each time, so that no closed connection of the last one stands in the way. */
export function nextPort(): number {
  used += 1;
  return FIRST + (used % COUNT);
}
