import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { UserError } from '../errors.js';
import { SQL_DIR } from './tree.js';

/** Somebody ran the files by hand: what is there, and from which version, is written nowhere. */
export async function refuseUnrecorded(work: pg.Client): Promise<void> {
  const { rows } = await work.query<{ there: boolean }>(
    `select pg_catalog.to_regclass('tally.definitions') is not null as there`,
  );
  if (rows[0]?.there !== true) return;
  throw new UserError('schema tally is there already, and no pgtally migrate has put it there', {
    hint:
      'go on as it was put there, with psql (docs/operations.md); or sql/ops/uninstall.sql takes ' +
      'it away',
  });
}

/** Roles are the cluster's and stand in no dump: a restored database may have come without them. */
export async function restoreRoles(
  work: pg.Client,
  report: (line: string) => void,
): Promise<boolean> {
  const { rows } = await work.query<{ bare: boolean }>(
    `select not exists (select from pg_catalog.pg_roles r where r.rolname = 'tally_server')
         or not exists (select from pg_catalog.pg_roles r
                        where r.rolname = 'tally_owner' and r.oid = n.nspowner) as bare
     from pg_catalog.pg_namespace n
     where n.nspname = 'tally' and pg_catalog.to_regclass('tally.definitions') is not null`,
  );
  if (rows[0]?.bare !== true) return false;
  await work.query(await readFile(join(SQL_DIR, 'ops', 'roles.sql'), 'utf8'));
  report('made the roles again, and gave tally_owner what is in schema tally');
  return true;
}
