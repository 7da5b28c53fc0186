import test from 'ava';
import { createInvitations } from '../../helpers/invitations.js';
import { run, shop } from './shop.js';

test('uninstall.sql takes rules along: their functions, triggers, indexes', async (t) => {
  const { dba, sql } = await shop(t);
  const shape = () =>
    sql(`select indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
      where c.relnamespace = 'calls'::regnamespace union all
      select tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
      where c.relnamespace = 'calls'::regnamespace and not tgisinternal order by 1`);
  await createInvitations((text, values) => dba.query(text, values).then(({ rows }) => rows));
  await dba.query(`create table calls.log (at timestamptz) partition by range (at);
    select tally.ensure_partitions('calls.log');
    select tally.create_retention('log', 'calls.log', 'at', '1 year')`);
  t.true((await shape()).length > 5);
  await run(dba, 'uninstall.sql');
  t.deepEqual(await shape(), [{ name: 'calls.invitations_pkey' }]);
});
