import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.js';
import { UserError } from '../errors.js';

const FILE = 'secrets.json';
const SECRET_BYTES = 32;

const schema = z.object({ jwtSecret: z.string().min(32), webhookSecret: z.string().min(32) });

/**
 * On the embedded database, which is this machine's own, secrets that are not set are made once and
 * kept beside its data: so that tokens can be printed and lines be tried. Anywhere else nothing is
 * made up.
 */
export async function withLocalSecrets(config: Config): Promise<Config> {
  const { databaseUrl, jwtSecret, jwksUrl, webhookSecret, dataDir } = config;
  if (databaseUrl !== undefined) return config;
  if ((jwtSecret ?? jwksUrl) !== undefined && webhookSecret !== undefined) return config;
  const made = await secretsIn(dataDir);
  return {
    ...config,
    jwtSecret: jwksUrl === undefined ? (jwtSecret ?? made.jwtSecret) : undefined,
    webhookSecret: webhookSecret ?? made.webhookSecret,
  };
}

async function secretsIn(dataDir: string): Promise<z.infer<typeof schema>> {
  const file = join(dataDir, FILE);
  const make = () => randomBytes(SECRET_BYTES).toString('base64url');
  const text = JSON.stringify({ jwtSecret: make(), webhookSecret: make() });
  await mkdir(dataDir, { recursive: true });
  // Of two at once, one writes, and both read what that one wrote.
  await writeFile(file, text, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  const parsed = schema.safeParse(jsonOf(await readFile(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new UserError(`${file} does not hold the two secrets that belong there`, {
    hint: 'delete it: it is made anew, and tokens that were printed before hold no more',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
