import type { ParseArgsConfig } from 'node:util';
import type pg from 'pg';
import type { Config } from '../config.js';
import { withClient } from '../database.js';
import { startEmbedded } from '../embedded.js';

export type Options = NonNullable<ParseArgsConfig['options']>;

/** What a verb is given. Nothing else prints, reads arguments or looks at the environment. */
export type Context = {
  readonly config: Config;
  readonly positionals: readonly string[];
  /** True for each flag that was given. */
  readonly flags: ReadonlySet<string>;
  /** How this program is called, for lines to copy. */
  readonly program: string;
  /** What was asked for: stdout. */
  say(line: string): void;
  /** What goes on meanwhile: stderr, so that it does not end up in a pipe. */
  note(line: string): void;
};

/** `says` completes it in the verb's help. */
export type Flag = { readonly short?: string; readonly says: string };

export type Verb = {
  readonly name: string;
  /** Arguments and options as help shows them. */
  readonly usage: string;
  readonly summary: string;
  readonly flags?: Readonly<Record<string, Flag>>;
  readonly positionalsMax?: number;
  /** Resolves to the exit code. */
  run(context: Context): Promise<number>;
};

export const EXIT = { ok: 0, error: 1, differences: 3, failedCheck: 4 } as const;

/** DATABASE_URL, or else the embedded server, which is started when it does not run. */
export async function databaseUrl(context: Context): Promise<string> {
  const { databaseUrl: given, dataDir, embeddedPort } = context.config;
  if (given !== undefined) return given;
  const server = await startEmbedded({ dataDir, port: embeddedPort });
  if (server.state !== 'adopted') {
    context.note(`started the embedded PostgreSQL ${server.version} on port ${server.port}`);
  }
  return server.url;
}

export async function onDatabase<T>(
  context: Context,
  verb: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withClient(await databaseUrl(context), `pgtally ${verb}`, async (client) => {
    client.on('notice', (notice) => {
      context.note(`${(notice.severity ?? 'notice').toLowerCase()}: ${notice.message ?? ''}`);
    });
    return await work(client);
  });
}
