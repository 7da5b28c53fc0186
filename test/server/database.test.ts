import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'ava';
import { connect, targetOf, withClient } from '../../src/database.js';
import { UserError } from '../../src/errors.js';
import { asUser, onDatabase, serverUrl, testDatabase } from '../helpers/database.js';

const refusals: [what: string, url: () => string, message: RegExp][] = [
  ['a database that does not exist', () => onDatabase(serverUrl(), 'nowhere'), /does not exist/],
  ['a user who is not let in', () => asUser(serverUrl(), 'nobody_at_all'), /user nobody_at_all is/],
  ['a port where nothing listens', () => 'postgres://a:hunter2@127.0.0.1:1/b', /nothing listens/],
  ['a server without TLS that should have it', () => withTls(serverUrl()), /no secure connection/],
  ['a file of certificates that is missing', missingFile, /no such file/],
];

for (const [what, url, message] of refusals) {
  test(`${what} is named with host, port and database, and no password`, async (t) => {
    const target = targetOf(url());
    const error = await t.throwsAsync(() => connect(url(), 'test'), { instanceOf: UserError });
    t.true(error.message.startsWith(`cannot connect to ${target}: `), error.message);
    t.regex(error.message, message);
    t.not(error.hint, undefined);
    const password = new URL(url()).password || 'hunter2';
    t.false(`${error.message} ${error.hint}`.includes(password));
  });
}

/** "Let in", and "ready for a query". */
const WELCOME = Buffer.from('R\0\0\0\b\0\0\0\0Z\0\0\0\u0005I', 'latin1');

for (const [what, greeting] of [
  ['says nothing', Buffer.alloc(0)],
  ['lets in and then says nothing', WELCOME],
] as const) {
  test(`a server that ${what} is given up after ten seconds`, async (t) => {
    const silent = createServer((socket) => {
      socket.once('data', () => socket.write(greeting));
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.teardown(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    await t.throwsAsync(() => connect(`postgres://a@127.0.0.1:${port}/b`, 'test'), {
      instanceOf: UserError,
      message: /no answer within 10 s/,
    });
  });
}

test('a URL that is none is refused without showing it', async (t) => {
  const error = await t.throwsAsync(() => connect('mysql://a:hunter2@h/b', 'test'), {
    instanceOf: UserError,
  });
  t.notRegex(error.message, /hunter2/);
});

test('a session carries its name and keeps whole numbers whole', async (t) => {
  const row = await withClient(serverUrl(), 'a name', async (client) => {
    const found = await client.query(
      `select 9007199254740993::int8 as big, current_setting('application_name') as name`,
    );
    return found.rows[0];
  });
  t.deepEqual(row, { big: '9007199254740993', name: 'a name' });
});

test('a session that is cut between two queries fails the next one and not the process', async (t) => {
  const database = await testDatabase(t, { template: 'empty' });
  const client = await database.client('to be cut');
  const ended = new Promise((resolve) => client.once('end', resolve));
  await database.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be cut'
       and datname = current_database()`,
  );
  await ended;
  await t.throwsAsync(() => client.query('select 1'));
});

function withTls(url: string): string {
  const changed = new URL(url);
  changed.searchParams.set('sslmode', 'verify-full');
  return changed.href;
}

function missingFile(): string {
  const changed = new URL(serverUrl());
  changed.searchParams.set('sslmode', 'verify-full');
  changed.searchParams.set('sslrootcert', '/nowhere/ca.pem');
  return changed.href;
}
