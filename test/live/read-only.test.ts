import test, { type ExecutionContext } from 'ava';
import type { Readiness } from '../../src/http/readiness.js';
import { boxesServer, open } from '../helpers/boxes-server.js';
import { get } from '../helpers/http.js';
import { until } from '../helpers/wait.js';

/** Long spells of it, of which PostgreSQL tells only whoever writes, on a session that is new. */

const END_SESSIONS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name like 'pgtally%'`;

test('a database that becomes read-only makes a server not ready, and ready again when it is over', async (t) => {
  const { server, database } = await boxesServer(t);
  const { recorder } = await open(t, server, { topics: ['entries'] });
  const ready = async () => await get(`${server.url}/ready`);
  await until(async () => (await ready()).status === 200);
  const name = new URL(database.url).pathname.slice(1);
  const writer = await database.client('a session of before');
  await writer.query(`alter database ${name} set default_transaction_read_only = on`);
  await writer.query(END_SESSIONS);
  const checks = await until(async () => {
    const { status, text } = await ready();
    const { checks } = JSON.parse(text) as Readiness;
    // At first it may be said that the sessions are gone.
    return status === 503 && /read-only/.test(checks.database.detail) && checks;
  });
  t.is(checks.database.status, 'fail');
  t.is(checks.migrations.status, 'ok', 'to migrate would mend nothing');
  await writer.query(`alter database ${name} reset default_transaction_read_only`);
  await writer.query(END_SESSIONS);
  await until(async () => (await ready()).status === 200);
  await writer.query('insert into public.entries default values');
  await recorder.value('entries', 1);
});

/** A document for each scope, read twenty at a time: on as many sessions as there may be. */
async function said(t: ExecutionContext) {
  const { server, database } = await boxesServer(t);
  await database.sql(`create function public.said(scope text) returns jsonb language sql stable
      as $$select to_jsonb(scope)$$;
    select tally.create_summary('said', 'public.said', audience => 'public')`);
  const name = new URL(database.url).pathname.slice(1);
  const writer = await database.client('a session of before');
  const read = async (scope: string) =>
    (await get(`${server.url}/v1/summaries/said/${scope}`)).status;
  const readAll = async (what: string): Promise<number[]> =>
    await Promise.all(Array.from({ length: 20 }, (_, at) => read(`${what}${at}`)));
  return { server, name, writer, readAll };
}

test('documents are kept again once a read-only spell is over, on sessions that were opened in it too', async (t) => {
  const { server, name, writer, readAll } = await said(t);
  await writer.query(`alter database ${name} set default_transaction_read_only = on`);
  await writer.query(END_SESSIONS);
  const status = async () => (await get(`${server.url}/ready`)).status;
  await until(async () => (await status()) === 503);
  // As many sessions as there may be, all of this spell.
  await readAll('early');
  await writer.query(`alter database ${name} reset default_transaction_read_only`);
  await until(async () => (await status()) === 200);
  t.deepEqual(new Set(await readAll('late')), new Set([200]));
});

test('a read-only spell of which no write told, and after which nothing ended, is found by who reads', async (t) => {
  const { server, name, writer, readAll } = await said(t);
  await until(async () => (await get(`${server.url}/ready`)).status === 200);
  await writer.query(`alter database ${name} set default_transaction_read_only = on`);
  // Those that are there may write; these are new.
  await readAll('early');
  await writer.query(`alter database ${name} reset default_transaction_read_only`);
  await until(async () => (await readAll('late')).every((status) => status === 200));
  await until(async () => (await get(`${server.url}/ready`)).status === 200);
  t.pass();
});
