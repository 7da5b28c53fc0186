import type pg from 'pg';
import type { Part } from './tree.js';

/** What ran in this database is recorded in a schema of its own: `tally` belongs to the engine. */
export const BOOKS = 'tally_migrations';

export type RecordedFile = {
  readonly index: number;
  readonly name: string;
  readonly script: string;
  readonly applied_at: Date;
};

/** @databases/pg-migrations makes the two tables of each part itself. */
export function versionTable(part: Part): string {
  return `${BOOKS}.${part}_version`;
}

export function appliedTable(part: Part): string {
  return `${BOOKS}.${part}_applied`;
}

const CREATE = `
create schema ${BOOKS};
comment on schema ${BOOKS} is
  'What pgtally migrate ran in this database. Kept by the program; read it, do not write it.';

create table ${BOOKS}.objects (
  path text constraint objects_pkey primary key,
  hash text not null,
  applied_at timestamptz not null
);
comment on table ${BOOKS}.objects is
  'The repeatable files as last run; all of a part are run again when one hash differs.';
comment on column ${BOOKS}.objects.path is 'The file, relative to sql/.';
comment on column ${BOOKS}.objects.hash is 'SHA-256 of its text with LF line endings.';

create table ${BOOKS}.definitions (
  kind text not null,
  identity text not null,
  path text not null,
  fingerprint text not null,
  server_major int not null,
  recorded_at timestamptz not null,
  constraint definitions_pkey primary key (kind, identity)
);
comment on table ${BOOKS}.definitions is
  'What the catalog said of each function and view just after its file ran: a difference since then was made by hand.';
comment on column ${BOOKS}.definitions.fingerprint is
  'md5 of pg_get_functiondef or pg_get_viewdef; comparable within one major version only.';

create table ${BOOKS}.replaced (
  kind text not null,
  identity text not null,
  definition text not null,
  replaced_at timestamptz not null
);
comment on table ${BOOKS}.replaced is
  'Definitions changed by hand, as they were when a migration put the original back.';
`;

export async function haveBooks(client: pg.Client): Promise<boolean> {
  const found = await client.query<{ there: boolean }>(
    `select pg_catalog.to_regclass('${BOOKS}.replaced') is not null as there`,
  );
  return found.rows[0]?.there === true;
}

/** One implicit transaction: the schema is there with all its tables or not at all. */
export async function openBooks(client: pg.Client): Promise<void> {
  if (!(await haveBooks(client))) await client.query(CREATE);
}

export async function recordedFiles(client: pg.Client, part: Part): Promise<RecordedFile[]> {
  const found = await client.query<{ there: boolean }>(
    'select pg_catalog.to_regclass($1) is not null as there',
    [appliedTable(part)],
  );
  if (found.rows[0]?.there !== true) return [];
  const recorded = await client.query<RecordedFile>(
    `select index, name, script, applied_at from ${appliedTable(part)}
     where not obsolete order by index`,
  );
  return recorded.rows;
}

/** Hash by path of the repeatable files of one part, as last run. */
export async function recordedHashes(client: pg.Client, part: Part): Promise<Map<string, string>> {
  if (!(await haveBooks(client))) return new Map();
  const recorded = await client.query<{ path: string; hash: string }>(
    `select path, hash from ${BOOKS}.objects where pg_catalog.starts_with(path, $1)`,
    [`${part}/`],
  );
  return new Map(recorded.rows.map(({ path, hash }) => [path, hash]));
}
