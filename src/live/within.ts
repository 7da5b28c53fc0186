/**
 * Waits for an ending no longer than this: whoever is to say good-bye may not be there any more.
 * How it ends, or that it does not, makes no difference to the one who leaves.
 */
export async function within(ms: number, ending: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([ending.catch(() => undefined), late]);
  clearTimeout(timer);
}
