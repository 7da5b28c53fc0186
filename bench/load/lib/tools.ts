import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PEERS = fileURLToPath(new URL('../peers/', import.meta.url));
const INSTALL_MS_MAX = 180_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const PACKAGES = [
  { name: 'nginx-light', path: '/usr/sbin/nginx' },
  { name: 'libnginx-mod-nchan', path: '/usr/lib/nginx/modules/ngx_nchan_module.so' },
  { name: 'wrk', path: '/usr/bin/wrk' },
] as const;

export const WRK = '/usr/bin/wrk';

/** Compiled, as it is published: a loader would cost memory and time. */
export async function buildOurs(): Promise<void> {
  await run('npm', ['run', '--silent', 'build'], { cwd: ROOT, maxBuffer: OUTPUT_BYTES_MAX });
}

/** What the peers need. Whatever cannot be had is reported where its figures would stand. */
export async function installPeers(log: (line: string) => void): Promise<void> {
  if (!existsSync(`${PEERS}node_modules/.package-lock.json`)) {
    log('installing the peers (npm ci)');
    await attempt('npm', ['ci', '--no-audit', '--no-fund'], PEERS, log);
  }
  const missing = PACKAGES.filter(({ path }) => !existsSync(path)).map(({ name }) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    log(`not installed, and not root with apt-get: ${missing.join(', ')}`);
    return;
  }
  log(`installing ${missing.join(', ')} (apt-get)`);
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...missing];
  await attempt('apt-get', ['update', '--quiet'], ROOT, log);
  await attempt('apt-get', install, ROOT, log);
}

async function attempt(
  command: string,
  args: readonly string[],
  cwd: string,
  log: (line: string) => void,
): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const limits = { timeout: INSTALL_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  await run(command, args, { cwd, env, ...limits }).catch((error: unknown) => {
    log(`${command} ${args[0]} failed: ${error instanceof Error ? error.message : String(error)}`);
  });
}
