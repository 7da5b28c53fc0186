import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { startEmbedded } from '../../src/embedded.js';
import { onDatabase } from './database.js';
import { freePort } from './ports.js';
import { killPostmaster, type Server } from './postmaster.js';

export type EmbeddedOptions = { readonly settings?: Readonly<Record<string, string>> };

/** An embedded server with data of its own, for tests that stop, kill and start it again. */
export async function privateEmbedded(
  t: ExecutionContext<unknown>,
  options: EmbeddedOptions = {},
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-embedded-'));
  // As root the server runs as another user, who has to get through to the data below.
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  const port = await freePort();
  const settings = { max_prepared_transactions: '20', ...options.settings };
  // Where the launcher keeps the server's own files.
  const serverDir = join(dataDir, 'postgres', 'data');
  const launch = () => startEmbedded({ dataDir, port, settings });
  let server = await launch();
  t.teardown(async () => {
    await server.stop().catch(() => killPostmaster(serverDir).catch(() => undefined));
    await rm(folder, { recursive: true, force: true });
  });
  const start = async () => {
    server = await launch();
  };
  return {
    url: onDatabase(server.url, 'postgres'),
    port,
    dataDir,
    start,
    stop: () => server.stop(),
    restart: async () => {
      await server.stop();
      await start();
    },
    kill: () => killPostmaster(serverDir),
  };
}
