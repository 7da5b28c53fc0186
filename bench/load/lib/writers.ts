import { fileURLToPath } from 'node:url';
import { UserError } from '../../../src/errors.js';
import { type Child, startChild } from './children.js';

const INSERT = fileURLToPath(new URL('../insert.pgbench', import.meta.url));
const CLIENTS = 16;

/** Writes so many rows a second, at random intervals, until it is stopped. */
export function startWriters(url: string, perSecond: number, seconds: number): Child {
  const { hostname, port, username, password, pathname } = new URL(url);
  const child = startChild({
    name: 'pgbench',
    path: 'pgbench',
    args: [
      '--no-vacuum',
      '--protocol=prepared',
      `--client=${CLIENTS}`,
      `--rate=${perSecond}`,
      `--time=${Math.ceil(seconds)}`,
      `--file=${INSERT}`,
    ],
    env: {
      PGHOST: hostname,
      PGPORT: port === '' ? '5432' : port,
      PGUSER: decodeURIComponent(username),
      PGPASSWORD: decodeURIComponent(password),
      PGDATABASE: decodeURIComponent(pathname.slice(1)),
    },
  });
  if (child.pid === -1) {
    throw new UserError('there is no pgbench', {
      hint: 'it comes with PostgreSQL: apt-get install postgresql-15 (Debian), brew install libpq',
    });
  }
  return child;
}
