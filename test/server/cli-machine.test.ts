import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { withClient } from '../../src/database.js';
import { cli, startCli } from '../helpers/cli.js';
import { freePort } from '../helpers/ports.js';
import { until } from '../helpers/wait.js';

test('psql gets the password in its environment, not on its command line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-psql-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const fake = join(folder, 'psql');
  await withScript(fake, '#!/bin/sh\necho "$PGPASSWORD $@"\nexit 7\n');
  const env = { DATABASE_URL: 'postgres://me:s%20ecret@h:5432/d', PATH: `${folder}:/usr/bin:/bin` };
  const { code, stdout } = await cli(['psql', '--', '-c', 'select 1'], { env });
  t.is(code, 7);
  t.is(stdout, 's ecret postgres://me@h:5432/d -c select 1\n');
  const missing = await cli(['psql'], { env: { ...env, PATH: '/nowhere' } });
  t.regex(missing.stderr, /^error: psql could not be run\nhint: install it .* sql 'select …'/);
});

async function withScript(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

test('start, the lines it prints, stop and reset work on a machine with nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-start-'));
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  const env = { TALLY_DATA_DIR: dataDir, TALLY_PG_PORT: String(await freePort()) };
  t.teardown(async () => {
    await cli(['stop'], { env });
    await rm(folder, { recursive: true, force: true });
  });
  const running = startCli(['start'], { env: { ...env, PORT: '0', LOG_LEVEL: 'silent' } });
  t.teardown(() => running.kill('SIGKILL'));
  const greeting = await until(() => /Ctrl-C stops/.test(running.said()) && running.said(), {
    what: 'the lines to try',
    deadlineMs: 120_000,
  });
  const url = /postgres:\/\/\S+/.exec(greeting)?.[0] ?? '';
  const lines = [...greeting.matchAll(/src\/cli\.ts sql "(.*)"$/gm)].map(([, line]) => line);
  const blanks = /\s+/g;
  const [, readme = ''] = /```sql\n(.*?)\n```/s.exec(await readFile('README.md', 'utf8')) ?? [];
  t.is(lines.join('; '), readme.replace(/; +--.*/, '').replace(blanks, ' '));
  // Whoever has tried these follows the README, or tries them again.
  for (const line of lines) {
    const { code, stderr } = await cli(['sql', line ?? ''], { env });
    t.is(code, 0, stderr);
  }
  const counters = await withClient(url, 'pgtally test', (client) =>
    client.query('select name, value from tally.counters where name = $$open_tasks$$'),
  );
  t.deepEqual(counters.rows, [{ name: 'open_tasks', value: '1' }]);
  const again = await cli(['sql', readme], { env });
  t.is(again.code, 0, again.stderr);
  const read = /curl -i (\S+)/.exec(greeting)?.[1] ?? '';
  t.regex(await (await fetch(read)).text(), /^\{"topic":"open_tasks","value":3,/);
  const streamed = /curl -N '(\S+)'/.exec(greeting)?.[1] ?? '';
  const closing = new AbortController();
  const stream = await fetch(streamed, { signal: closing.signal });
  t.is(stream.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  closing.abort();
  running.kill('SIGINT');
  const started = await running.ended;
  t.is(started.code, 0, started.stderr);
  t.regex(started.stdout, /the embedded PostgreSQL goes on running: .* stop ends it\n$/);
  await withClient(url, 'pgtally test', (client) => client.query('select 1'));
  t.regex((await cli(['reset'], { env })).stderr, /no terminal to ask on\nhint: reset --yes/);
  const stopped = await cli(['stop'], { env });
  t.is(stopped.code, 0, stopped.stderr);
  t.is((await cli(['verify'], { env })).code, 0, 'a maintenance verb starts it again');
  const reset = await cli(['reset', '--yes'], { env });
  t.is(reset.code, 0, reset.stderr);
  await t.throwsAsync(() => access(join(dataDir, 'postgres')));
  t.regex((await cli(['stop'], { env })).stdout, /did not run/);
});

test('reset deletes data that is damaged, and nothing that is not its own', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgtally-reset-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'thesis.txt'), 'irreplaceable');
  const env = { TALLY_DATA_DIR: folder };
  const { code, stderr } = await cli(['reset', '--yes'], { env });
  t.is(code, 0);
  t.regex(stderr, /^warning: .*holds no PostgreSQL data/);
  t.deepEqual(await readdir(folder), ['thesis.txt']);
});

test('stop and reset never touch a database that DATABASE_URL names', async (t) => {
  for (const verb of ['stop', 'reset']) {
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const { code, stderr } = await cli([verb, ...(verb === 'reset' ? ['--yes'] : [])], { env });
    t.is(code, 1);
    t.regex(stderr, /is for the embedded PostgreSQL, and DATABASE_URL names another/);
  }
});
