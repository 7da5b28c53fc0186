import test from 'ava';
import { migrate } from '../../../src/migrate.js';
import { differences, run, shop, textOf } from './shop.js';

test('uninstall.sql leaves the counted tables as they were, and a new installation counts', async (t) => {
  const { dba, sql, url } = await shop(t);
  const left = `select c.relname, c.relacl::text, c.relrowsecurity, n.nspacl::text,
      (select count(*) from pg_trigger g where g.tgrelid = c.oid) as triggers,
      (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'shop' and c.relkind in ('r', 'p') order by 1`;
  await sql('alter table shop.orders enable row level security');
  await sql("select tally.create_counter('again', 'shop.orders')");
  await sql('grant select on shop.orders to public');
  t.like(
    (await sql(left)).find(({ relname }) => relname === 'orders'),
    { triggers: '4', policies: '1' },
  );
  const [said] = await run(dba, 'uninstall.sql');
  t.like(said, [{ uninstalled: `pgtally is out of database ${new URL(url).pathname.slice(1)}` }]);
  for (const row of await sql(left)) {
    t.like(row, { triggers: '0', policies: '0' });
    t.notRegex(`${row.relacl} ${row.nspacl}`, /tally/);
  }
  t.deepEqual(await sql("select nspname from pg_namespace where nspname ~ 'tally'"), []);
  t.deepEqual(await sql('select count(*) from shop.orders'), [{ count: '10' }]);
  await sql('insert into shop.orders values (11, 1, false)');
  await sql('update shop.events set kind = $1', ['logout']);

  await migrate({ url });
  await sql("select tally.create_counter('unpaid', 'shop.orders', filter => 'not paid')");
  await sql('call tally.tick()');
  await sql('delete from shop.orders where id = 11');
  t.deepEqual(await sql('select name, value from tally.counters'), [
    { name: 'unpaid', value: '5' },
  ]);
});

test('uninstall.sql names the view that reads tally.counters, and then changes nothing', async (t) => {
  const { dba, sql } = await shop(t);
  await sql("create view shop.badge as select value from tally.counters where name = 'unpaid'");
  await t.throwsAsync(run(dba, 'uninstall.sql'), {
    message: /schema tally is used by rule _RETURN on view shop\.badge/,
  });
  await dba.query('rollback');
  await sql('delete from shop.orders where not paid');
  t.deepEqual(await sql('select value from shop.badge'), [{ value: '0' }]);
  t.deepEqual(await differences(dba), []);
});

test('uninstall.sql gives up with nothing changed while a reader is in the way', async (t) => {
  const { client, dba, sql } = await shop(t);
  const reader = await client('a reader');
  await reader.query('begin; select from shop.orders');
  const impatient = (await textOf('uninstall.sql')).replace("'5s'", "'50ms'");
  await t.throwsAsync(dba.query(impatient), { code: '55P03' });
  await dba.query('rollback');
  await reader.query('commit');
  await sql('delete from shop.orders');
  t.deepEqual(await differences(dba), []);
});
