import fc from 'fast-check';

/**
 * A list that shrinks by leaving out stretches of it, long ones first, and single elements last.
 * fast-check's own list shortens from one end and then simplifies each element: with a run of the
 * database for each try, that takes far too long to get to the few steps that matter.
 */
class ShrinkingList<T> extends fc.Arbitrary<T[]> {
  readonly #element: fc.Arbitrary<T>;
  readonly #length: number;

  constructor(element: fc.Arbitrary<T>, length: number) {
    super();
    this.#element = element;
    this.#length = length;
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<T[]> {
    const list = Array.from(
      { length: this.#length },
      () => this.#element.generate(random, bias).value,
    );
    return new fc.Value(list, list.length);
  }

  override canShrinkWithoutContext(value: unknown): value is T[] {
    return Array.isArray(value);
  }

  /** The context is how long a stretch was left out last: longer ones were tried before. */
  override shrink(value: T[], context: unknown): fc.Stream<fc.Value<T[]>> {
    const from = typeof context === 'number' ? Math.min(context, value.length) : value.length;
    return fc.stream(shorter(value, Math.max(1, from)));
  }
}

function* shorter<T>(list: readonly T[], from: number): Generator<fc.Value<T[]>> {
  for (let size = from; size >= 1; size = Math.floor(size / 2)) {
    // From the end: what comes after the failure can go at once.
    for (let end = list.length; end > 0; end -= size) {
      const rest = [...list.slice(0, Math.max(0, end - size)), ...list.slice(end)];
      if (rest.length > 0) yield new fc.Value(rest, size);
    }
  }
}

export const shrinkingList = <T>(element: fc.Arbitrary<T>, length: number): fc.Arbitrary<T[]> =>
  new ShrinkingList(element, length);
