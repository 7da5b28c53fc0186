import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { migrate } from '../../src/migrate.js';
import { writeApi } from '../generated/api.js';
import { diff } from '../generated/diff.js';
import { dumpSchema } from '../generated/schema.js';
import { testDatabase } from '../helpers/database.js';

async function engine(t: ExecutionContext) {
  const database = await testDatabase(t, { template: 'empty' });
  await migrate({ url: database.url, engineOnly: true });
  return await database.client();
}

async function file(path: string): Promise<string> {
  return await readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
}

/** Each major version writes the text of views its own way. */
function withoutViews(dump: string): string {
  return dump.replace(/^create view (\S+)[^;]*;$/gm, 'create view $1;');
}

test('sql/schema.sql is the schema that a migration makes', async (t) => {
  const client = await engine(t);
  const dump = await dumpSchema(client);
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::int / 10000 as version",
  );
  const view = rows[0]?.version === 18 ? (text: string) => text : withoutViews;
  t.regex(dump, /create view tally\.counters as/);
  t.deepEqual(diff(view(await file('sql/schema.sql')), view(dump)), []);
});

test('docs/sql-api.md says what the comments in the database say', async (t) => {
  t.deepEqual(diff(await file('docs/sql-api.md'), await writeApi(await engine(t))), []);
});

test('the dump shows each kind of change that someone makes to the schema', async (t) => {
  const client = await engine(t);
  const before = await dumpSchema(client);
  const changes: [sql: string, seen: RegExp][] = [
    [
      'alter table tally.totals add column extra integer default 7',
      /^\+ {2}extra integer default 7/,
    ],
    ['alter table tally.deltas set (fillfactor = 50)', /^\+.*fillfactor=50/],
    ['alter table tally.dropped alter counter drop not null', /^\+ {2}counter bigint,/],
    ['alter table tally.totals drop constraint totals_pkey', /^-.*PRIMARY KEY/],
    ['drop index tally.deltas_xid', /^-CREATE INDEX deltas_xid/],
    ['drop trigger fold_at_commit on tally.fold_requests', /^-CREATE CONSTRAINT TRIGGER/],
    [
      "comment on column tally.totals.scope is 'whose'",
      /^\+comment on column tally\.totals\.scope/,
    ],
    ['grant delete on tally.pulses to tally_server', /^\+grant delete, select on tally\.pulses/],
    ['grant execute on function tally.pulse() to public', /^-revoke all on function tally\.pulse/],
    ['alter function tally.pulse() security invoker', /^- SECURITY DEFINER/],
    ['alter table tally.sources owner to current_user', /^\+alter table tally\.sources owner to/],
    [
      'create or replace view tally.unfilled as select 1::bigint as counter, null::text as name, ' +
        'null::timestamptz as created_at, null::timestamptz as fill_again_at, 0 as fill_attempts',
      /^\+ SELECT/,
    ],
  ];
  for (const [sql, seen] of changes) {
    await client.query('begin');
    await client.query(sql);
    const lines = diff(before, await dumpSchema(client));
    t.true(
      lines.some((line) => seen.test(line)),
      `${sql}\n${lines.join('\n')}`,
    );
    await client.query('rollback');
  }
});

test('the dump refuses a kind of object that it cannot write out', async (t) => {
  const client = await engine(t);
  const kinds = [
    'create sequence tally.numbers',
    "create type tally.mood as enum ('good')",
    'create type tally.pair as (a integer, b integer)',
    'create materialized view tally.frozen as select 1 as one',
    'create policy all_rows on tally.totals using (true)',
    'create rule nothing as on delete to tally.dropped do instead nothing',
  ];
  for (const sql of kinds) {
    await client.query('begin');
    await client.query(sql);
    await t.throwsAsync(dumpSchema(client), { message: /does not know how to write out/ }, sql);
    await client.query('rollback');
  }
});

test('the reference refuses an object without a comment', async (t) => {
  const client = await engine(t);
  await client.query('comment on function tally.pulse() is null');
  await t.throwsAsync(writeApi(client), { message: /no COMMENT: tally\.pulse\(\)/ });
});

test('a difference is shown with its line and what stands around it', (t) => {
  const there = 'a\nb\nc\nd\ne\nf\ng';
  t.deepEqual(diff(there, there), []);
  t.deepEqual(diff(there, 'a\nb\nc\nd\nE\nf\ng'), [
    '@@ line 3',
    ' c',
    ' d',
    '-e',
    '+E',
    ' f',
    ' g',
  ]);
  t.deepEqual(diff('a', 'a\nb'), [' a', '+b']);
  t.deepEqual(diff('', 'a'), ['-', '+a']);
});
