/** Milliseconds of the kernel's monotonic clock, which all processes of a machine read alike. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
