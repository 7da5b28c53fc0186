import test from 'ava';
import { testDatabase } from '../../helpers/database.js';
import { failure, finding, roleName, sqlOf } from '../../helpers/engine.js';

test('rules of a table that was given away stand still until its new owner declares them', async (t) => {
  const { sql, client } = await testDatabase(t);
  const buyer = roleName('buyer');
  await sql(`create role ${buyer} in role tally_owner`);
  t.teardown(() => sql(`drop owned by ${buyer} cascade; drop role ${buyer}`));
  const declare = `select tally.create_retention('old', 'shop.offers', 'until', '1 day');
    select tally.create_expiry('offers', 'shop.offers', 'until', 'open', 'open = false')`;
  await sql(`create schema shop; grant usage, create on schema shop to ${buyer};
    create table shop.offers (id int, until timestamptz, open boolean default true);
    create table shop.ran_as (who text);
    create table shop.others (id int, until timestamptz);
    insert into shop.others values (1, now() - interval '9 days');
    grant insert on shop.ran_as to public;
    insert into shop.offers values (1, now() - interval '9 days');
    select tally.create_retention('others', 'shop.others', 'until', '1 day');
    ${declare}; alter table shop.offers owner to ${buyer}`);
  const theirs = sqlOf(await client());
  await theirs(`set role ${buyer}`);
  await theirs(`create function shop.spy() returns trigger language plpgsql
      as $$ begin insert into shop.ran_as values (current_user); return coalesce(new, old); end $$;
    create trigger spy before update or delete on shop.offers
      for each row execute function shop.spy()`);

  await theirs(`select tally.expire_due()`);
  await theirs(`select * from tally.clean_up(dry_run => true)`);
  const call = await failure(theirs(`select * from tally.clean_up('old')`));
  t.is(call.code, 'TL007');
  t.regex(
    call.message,
    new RegExp(`^shop.offers belongs to ${buyer} by now, and its rule runs as `),
  );
  t.deepEqual(await sql(`select name, rows::int from tally.clean_up()`), [
    { name: 'others', rows: 1 },
  ]);
  t.deepEqual(await sql('select * from shop.ran_as'), [], 'nothing ran');
  t.is((await finding(sql, 'retention old')).status, 'fail');
  t.regex((await finding(sql, 'expiry offers')).detail, /^fails: shop.offers belongs to/);

  await sql(`update tally.retentions set made_by = null; update tally.expiries set made_by = null`);
  await sql('select * from tally.attach()');
  t.is((await finding(sql, 'retention old')).status, 'fail', 'nobody decides that for them');

  await theirs(declare);
  await theirs('select tally.expire_due()');
  t.deepEqual(await sql(`select name, rows::int from tally.clean_up('old')`), [
    { name: 'old', rows: 1 },
  ]);
  t.deepEqual(await sql('select distinct who from shop.ran_as'), [{ who: buyer }]);
  t.is((await finding(sql, 'retention old')).status, 'ok');
  t.is((await finding(sql, 'expiry offers')).status, 'ok');
});
