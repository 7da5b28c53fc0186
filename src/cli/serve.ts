import { withLocalSecrets } from '../demo/secrets.js';
import { type Context, databaseUrl, EXIT, type Verb } from './verb.js';

export const serve: Verb = {
  name: 'serve',
  usage: '',
  summary: 'serve counters over HTTP, and their changes as streams, until it is interrupted',
  run: async (context) => {
    const url = await databaseUrl(context);
    await serveUntilInterrupted(context, url, () => undefined);
    return EXIT.ok;
  },
};

/** `begun` is called once it listens, with where. */
export async function serveUntilInterrupted(
  { config }: Context,
  url: string,
  begun: (at: string) => void | Promise<void>,
): Promise<void> {
  // Listened for before there is anything to stop: a signal that comes early is not lost.
  const end = interrupted();
  const { serve: open } = await import('../main.js');
  const serving = await open({ config: await withLocalSecrets(config), url });
  await begun(serving.url);
  await end;
  // Whoever asks twice does not want to wait for streams and requests.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(EXIT.error));
  await serving.stop();
  // Sessions of a database that hangs are still there, and would keep the process.
  setTimeout(() => process.exit(EXIT.ok), LINGER_MS).unref();
}

const LINGER_MS = 1000;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export async function interrupted(): Promise<void> {
  const { promise, resolve } = deferred();
  for (const signal of SIGNALS) process.on(signal, resolve);
  await promise;
  for (const signal of SIGNALS) process.off(signal, resolve);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
