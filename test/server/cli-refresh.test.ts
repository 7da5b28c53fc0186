import test from 'ava';
import { cli } from '../helpers/cli.js';
import { testDatabase } from '../helpers/database.js';

test('refresh builds one document, all of a summary, or all there are, and names what fails', async (t) => {
  const database = await testDatabase(t);
  await database.sql(`create function public.doc(scope text) returns jsonb language plpgsql as $$
    begin
      if scope = 'bad' then raise exception 'not today'; end if;
      return to_jsonb(clock_timestamp());
    end $$;
    select tally.create_summary('doc', 'public.doc');
    select tally.create_summary('other', 'public.doc');
    select tally.warm('doc', '{a,b}'), tally.warm('other', '{""}')`);
  const run = (args: string[]) => cli(args, { env: { DATABASE_URL: database.url } });
  t.like(await run(['refresh', 'doc', 'a']), { code: 0, stdout: '1 document built\n' });
  t.like(await run(['refresh', 'doc']), { code: 0, stdout: '2 documents built\n' });
  t.like(await run(['refresh']), { code: 0, stdout: '3 documents built\n' });
  const unknown = await run(['refresh', 'nothing']);
  t.is(unknown.code, 1);
  t.regex(unknown.stderr, /there is no summary "nothing"/);
  await database.sql(`select tally.warm('doc', '{bad}')`);
  const failing = await run(['refresh', 'doc']);
  t.is(failing.code, 4);
  t.regex(failing.stderr, /summary "doc" could not be built for scope "bad": not today/);
  t.is(failing.stdout, '2 documents built\n');
});
