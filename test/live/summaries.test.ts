import test, { type ExecutionContext } from 'ava';
import { open } from '../helpers/boxes-server.js';
import { type TestDatabase, testDatabase } from '../helpers/database.js';
import { type LiveServer, startLiveServer } from '../helpers/live-server.js';
import { until } from '../helpers/wait.js';

type Rig = { database: TestDatabase; server: LiveServer };

/** Documents over HTTP: read, built when they are not there, and pushed when they change. */
async function rigged(t: ExecutionContext): Promise<Rig> {
  const database = await testDatabase(t);
  await database.sql(`
    create table public.scores (league text, player text, points int);
    create function public.board(scope text) returns jsonb language plpgsql stable as $$
    begin
      if scope = 'fails' then raise exception 'no such league'; end if;
      return (select jsonb_agg(player order by points desc) from public.scores where league = scope);
    end $$;
    insert into public.scores values ('a', 'x', 1), ('b', 'y', 2);
    select tally.create_summary('board', 'public.board', settle => '0', audience => 'public');
    select tally.watch('board', 'public.scores', 'league');
    select tally.create_counter('players', 'public.scores', scope => 'league', audience => 'public')`);
  await database.sql('select tally.fill()');
  const server = await startLiveServer({ databaseUrl: database.url });
  t.teardown(() => server.stop());
  return { database, server };
}

test('a document is sent as it stands in its row, with an ETag that holds until it changes', async (t) => {
  const { database, server } = await rigged(t);
  const url = `${server.url}/v1/summaries/board/a`;
  const first = await fetch(url);
  t.is(first.status, 200);
  t.is(await first.text(), '["x"]');
  const etag = first.headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { 'if-none-match': etag } });
  t.is(again.status, 304);
  await database.sql(`insert into public.scores values ('a', 'z', 9)`);
  await database.sql(`select tally.refresh('board', 'a')`);
  const changed = await fetch(url, { headers: { 'if-none-match': etag } });
  t.is(await changed.text(), '["z", "x"]');
  t.is((await fetch(`${server.url}/v1/summaries/board/fails`)).status, 503);
  t.is((await fetch(`${server.url}/v1/summaries/nothing`)).status, 404);
  t.is((await fetch(`${server.url}/v1/counters/board`)).status, 404);
});

test('a stream begins with the document and gets the next one, between counters, and null at its end', async (t) => {
  const { database, server } = await rigged(t);
  const { recorder } = await open(t, server, { topics: ['board:a', 'players:a', 'board:none'] });
  // A build that takes longer than a second follows.
  await until(() => recorder.last('board:a') === '["x"]');
  await until(() => recorder.last('board:none') === 'null');
  await database.sql(`insert into public.scores values ('a', 'z', 9)`);
  await recorder.until(({ data }) => data.includes('"board:a"') && data.includes('["z", "x"]'));
  await recorder.value('players:a', 2);
  await database.sql(`delete from public.scores where league = 'a'`);
  await recorder.until(({ data }) => data.includes('"board:a"') && data.includes('"body":null'));
  await recorder.value('players:a', 0);
  t.deepEqual(recorder.faults, []);
});

test('a stream that comes back gets the documents that changed meanwhile', async (t) => {
  const { database, server } = await rigged(t);
  const first = await open(t, server, { topics: ['board:a', 'board:b'] });
  for (const topic of ['board:a', 'board:b']) {
    await until(() => first.recorder.last(topic) !== undefined);
  }
  const { lastId } = first.recorder;
  first.close();
  await database.sql(`insert into public.scores values ('b', 'z', 9)`);
  await database.sql(`select tally.refresh('board', 'b')`);
  const { recorder } = await open(t, server, {
    topics: ['board:a', 'board:b'],
    ...(lastId === undefined ? {} : { lastEventId: lastId }),
  });
  await recorder.sync(1);
  t.is(recorder.last('board:b'), '["z", "y"]');
  t.is(recorder.last('board:a'), undefined);
});
