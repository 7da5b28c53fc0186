import test from 'ava';
import { testDatabase } from '../helpers/database.js';
import { largeTables, rowsToLoad } from '../helpers/large.js';
import { plansOf } from '../helpers/plans.js';

const MESSAGES = rowsToLoad(20_000);
const ACCOUNTS = MESSAGES / 40;

test('with a million messages no statement of a route reads a table from end to end', async (t) => {
  const { client, sql } = await testDatabase(t, { template: 'apps' });
  await sql(`insert into messages.messages (id, account_id, status, sent_at)
    select 'm' || n, 'account ' || n % ${ACCOUNTS}, (array['sent', 'delivered', 'read'])[n % 3 + 1],
      now() - n * interval '1 minute'
    from generate_series(1, ${MESSAGES}) n`);
  // A few of them past the two hours that they are kept.
  await sql(`insert into messages.minutes (minute, messages)
    select date_trunc('minute', now()) - n % 125 * interval '1 minute', 1
    from generate_series(1, ${MESSAGES / 4}) n`);
  await sql('select tally.pulse()');
  for (const table of ['messages.messages', 'messages.minutes', 'tally.totals', 'tally.deltas']) {
    await sql(`vacuum analyze ${table}`);
  }
  const session = await client('the server');
  const large = await largeTables(session, 'messages', 'tally');
  t.deepEqual([...large].sort(), ['messages.messages', 'messages.minutes', 'tally.totals']);
  const batch = Array.from({ length: 1000 }, (_, at) => ({
    id: at % 2 === 0 ? `m${at + 1}` : `new ${at}`,
    accountId: `account ${at}`,
    status: 'read',
    sentAt: new Date().toISOString(),
  }));
  const calls: [string, unknown[]][] = [
    ['select messages.record(p_messages => $1)::text', [JSON.stringify(batch)]],
    [`select messages.stats(scope => '')::text`, []],
  ];
  for (const [text, values] of calls) {
    t.deepEqual((await plansOf(session, text, values)).scans(large), [], text);
  }
  // What is read of it does not grow with the messages.
  const { indexes } = await plansOf(session, `select messages.stats_at(now())`);
  for (const index of ['totals_pkey', 'totals_ranking', 'minutes_minute_idx']) {
    t.true(indexes.has(index), index);
  }
  const cleaning = await plansOf(session, `select * from tally.clean_up('message_minutes')`);
  t.true(cleaning.indexes.has('minutes_minute_idx'));
});
