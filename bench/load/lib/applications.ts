import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { APPS } from '../../../src/apps/apps.js';
import { createClient, type Client as DemoClient, type OnSent } from '../../../src/demo/client.js';
import { loadDemo } from '../../../src/demo/load.js';
import { PEOPLE } from '../../../src/demo/people.js';
import { tokenFor } from '../../../src/demo/token.js';
import { type Database, untilFolded, withDatabase } from '../../lib/database.js';
import type { Load } from '../question.js';
import { startOurs } from '../sides/ours.js';
import type { Child } from './children.js';
import { nextPort } from './http.js';

const LARGE = new URL('../large/', import.meta.url);
/** Every fortieth of them is an admin, an investor, a validator. */
const ROLE_EVERY = 40;
const POOL_PER_CPU = 2;
const ROLES = ['admin', 'investor', 'validator'] as const;
const SECRETS = {
  jwtSecret: randomBytes(32).toString('base64url'),
  webhookSecret: randomBytes(32).toString('base64url'),
};

export type Role = (typeof ROLES)[number] | 'user';

/** Somebody who uses the applications, with a token of his own. */
export type Person = { readonly id: string; readonly role: Role; readonly token: string };

/** A database with the applications, the demo and large tables, and who uses it. */
export type Applications = {
  readonly database: Database;
  readonly people: readonly Person[];
};

export type OurServer = {
  readonly child: Child;
  readonly port: number;
  /** Writes through the routes, as the demo's traffic does. */
  client(onSent?: OnSent): DemoClient;
};

export async function withApplications<T>(
  { server, scale, log }: Load,
  ask: (applications: Applications) => Promise<T>,
): Promise<T> {
  return await withDatabase(
    server,
    async (database) => {
      await loadDemo(database.client, () => undefined);
      await database.sql(`select set_config('load.share', $1, false)`, [`${scale.appRows}`]);
      for (const { schema } of APPS) {
        const file = new URL(`${schema}.sql`, LARGE);
        if (!existsSync(file)) continue;
        log(`large tables: ${schema}`);
        await database.client.query(await readFile(file, 'utf8'));
      }
      await database.sql('vacuum analyze');
      await database.sql('call tally.tick()');
      await untilFolded(database);
      return await ask({ database, people: await peopleOf(database, scale.appUsers) });
    },
    { applications: true },
  );
}

async function peopleOf(database: Database, count: number): Promise<Person[]> {
  const rows = await database.sql<{ id: string }>(
    `select id from accounts.users where status = 'approved' order by id limit $1`,
    [count],
  );
  if (rows.length < count) throw new Error(`there are ${rows.length} people, not ${count}`);
  return await Promise.all(
    rows.map(async ({ id }, index) => {
      const known = Object.values(PEOPLE).find((person) => person.id === id);
      const role: Role = known?.role ?? ROLES[index % ROLE_EVERY] ?? 'user';
      return { id, role, token: await tokenFor({ id, role }, SECRETS.jwtSecret) };
    }),
  );
}

/** The same person, with a token that says more. */
export async function asAdmin({ id }: Person): Promise<Person> {
  const role = 'admin';
  return { id, role, token: await tokenFor({ id, role }, SECRETS.jwtSecret) };
}

/** As it is published, with the sessions that docs/operations.md advises for this machine. */
export async function startApplications({ database }: Applications): Promise<OurServer> {
  const port = nextPort();
  const env = {
    TALLY_JWT_SECRET: SECRETS.jwtSecret,
    WEBHOOK_SECRET: SECRETS.webhookSecret,
    TALLY_POOL_SIZE: String(POOL_PER_CPU * cpus().length),
  };
  const child = await startOurs(database.url, port, { env });
  return {
    child,
    port,
    client: (onSent) => createClient(`http://127.0.0.1:${port}`, SECRETS, onSent),
  };
}
