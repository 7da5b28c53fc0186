import type { DestinationStream } from 'pino';
import { appRoutes } from './apps/apps.js';
import type { Config } from './config.js';
import { createApp } from './http/app.js';
import { numbersFirst } from './http/numbers-first.js';
import { listen } from './http/server.js';
import { plainSink } from './live/sinks/plain.js';
import { openService } from './service.js';
import { VERSION } from './version.js';

export type ServeOptions = {
  readonly config: Config;
  /** The database: config.databaseUrl, or that of the embedded server. */
  readonly url: string;
  /** Where log lines go; stderr when it is left out. */
  readonly logTo?: DestinationStream;
};

export type Serving = {
  readonly url: string;
  /** Not ready at once; streams end spread over seconds; what is in flight finishes. */
  stop(): Promise<void>;
};

/** The server, from its settings to its listening. Whatever is opened here is closed by `stop`. */
export async function serve({ config, url, logTo }: ServeOptions): Promise<Serving> {
  const service = await openService({ config, url, logTo, sinkOf: (ctx) => () => plainSink(ctx) });
  const { live, log, deps, identify } = service;
  const { webhookSecret } = config;
  const app = createApp(deps, appRoutes({ ...deps, webhookSecret })).callback();
  // What @koa/cors says and what is logged of each request is said and logged in Koa only.
  const isPlain = config.corsOrigins.length === 0 && !log.isLevelEnabled('debug');
  const handle = isPlain ? numbersFirst(app, { ...deps, identify, reader: live.reader }) : app;
  const listening = await listen(handle, config).catch(async (error) => {
    await live.close();
    throw error;
  });
  log.info({ version: VERSION }, `listening on ${listening.url}`);
  return {
    url: listening.url,
    stop: async () => {
      service.isStopping = true;
      log.info('stopping: streams end, requests finish');
      await live.drain();
      await listening.close();
      await live.close();
      log.info('stopped');
    },
  };
}
