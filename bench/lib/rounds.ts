/** The same number of measurements of each side, in turns, so that slow minutes hit all alike. */
export async function inTurns<Side extends string>(
  sides: readonly Side[],
  rounds: number,
  measure: (side: Side, round: number) => Promise<number>,
): Promise<Record<Side, number[]>> {
  const results = Object.fromEntries(sides.map((side) => [side, []])) as unknown as Record<
    Side,
    number[]
  >;
  for (let round = 0; round < rounds; round += 1) {
    // Another one goes first each time: whoever follows a heavy one may suffer from it.
    const first = round % sides.length;
    const order = [...sides.slice(first), ...sides.slice(0, first)];
    for (const side of order) results[side].push(await measure(side, round));
  }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/**
 * The median of each round's own ratio: the two halves of a pair were measured within seconds of
 * each other, on a machine whose speed changes by the minute.
 */
export function ratio(values: readonly number[], others: readonly number[]): number {
  return median(values.map((value, index) => value / (others[index] ?? Number.NaN)));
}
