import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { give } from './account.js';
import type { Cluster } from './cluster.js';

/** What stands in the data directory beside PostgreSQL's own files, and its pid file. */

export const SETTINGS_FILE = 'pgtally.conf';
export const LOG_FILE = 'server.log';

const LOG_BYTES_MAX = 10 * 1024 * 1024;

/** Read by postgresql.conf; written at each start, so that no setting passes through a shell. */
export async function writeSettings(
  { data, account }: Cluster,
  port: number,
  settings: Record<string, string>,
): Promise<void> {
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => {
    return `${name} = '${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  });
  const file = path.join(data, SETTINGS_FILE);
  const text = `# Written by pgtally at each start.\n${lines.join('\n')}\n`;
  await writeFile(file, text, { mode: 0o600 });
  await give(file, account);
}

/** One old log is kept: enough to look back, and bounded. */
export async function startNewLog(cluster: Cluster): Promise<void> {
  if ((await logSize(cluster)) > LOG_BYTES_MAX) {
    await rename(logFile(cluster), `${logFile(cluster)}.1`);
  }
}

export async function logSize(cluster: Cluster): Promise<number> {
  return (await stat(logFile(cluster)).catch(() => undefined))?.size ?? 0;
}

/** What was logged after the first so many bytes. */
export async function readLog(cluster: Cluster, from: number): Promise<string> {
  const log = await readFile(logFile(cluster)).catch(() => Buffer.alloc(0));
  return log.subarray(from).toString();
}

export function logFile(cluster: Cluster): string {
  return path.join(cluster.data, LOG_FILE);
}

export function pidFile(cluster: Cluster): string {
  return path.join(cluster.data, 'postmaster.pid');
}
