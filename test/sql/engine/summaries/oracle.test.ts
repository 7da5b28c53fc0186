import test from 'ava';
import type { TestDatabase } from '../../../helpers/database.js';
import { type Sql, sqlOf } from '../../../helpers/engine.js';
import { DIFFERENCES, league, work } from './league.js';

const WRITERS = 6;
const WRITES = 120;
const WORKERS = 2;

/** As plain as can be, so that a failure can be run again: the seed is in its message. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function statement(random: (below: number) => number): string {
  const to = `'l${random(12)}'`;
  const from = `'l${random(12)}'`;
  const points = random(100);
  const kinds = [
    `insert into app.scores (league, player, points)
     select ${to}, 'p' || i, ${points} from generate_series(1, ${1 + random(3)}) i`,
    `update app.scores set points = ${points} where league = ${from}`,
    `update app.scores set league = ${to} where league = ${from} and points < ${points}`,
    `update app.scores set league = null where league = ${from} and points % 7 = 0`,
    `delete from app.scores where league = ${from} and points > ${points}`,
    `delete from app.scores where league = ${from}`,
    `merge into app.scores s using (values (${from})) v (league) on s.league = v.league
     when matched and points > ${points} then delete
     when matched then update set points = points + 1
     when not matched then insert (league, player, points) values (v.league, 'm', 1)`,
    'insert into app.scores (league, player, points) select null, null, null',
  ];
  return kinds[random(kinds.length)] ?? 'select';
}

/** One statement, or several in a transaction that may be rolled back, whole or half. */
async function write(sql: Sql, random: (below: number) => number): Promise<void> {
  try {
    if (random(3) > 0) {
      await sql(statement(random));
      return;
    }
    const level = ['read committed', 'repeatable read', 'serializable'][random(3)];
    await sql(`begin isolation level ${level}`);
    await sql(statement(random));
    await sql('savepoint half');
    await sql(statement(random));
    if (random(2) === 0) await sql('rollback to half');
    if (random(8) === 0) await sql('select pg_sleep(0.02)');
    await sql(random(5) === 0 ? 'rollback' : 'commit');
  } catch (error) {
    // Two of them may deadlock or fail to serialize by themselves, as without any trigger.
    await sql('rollback');
    const { code } = error as { code?: string };
    if (code !== '40001' && code !== '40P01') throw error;
  }
}

async function workUntil(db: TestDatabase, isOver: () => boolean): Promise<void> {
  const sql = sqlOf(await db.client('worker'));
  while (!isOver()) {
    await sql('select tally.collect_marks()');
    await sql('select * from tally.work()');
  }
}

/** Sessions die now and then, whatever they are doing: what they had locked is there again. */
async function killUntil(db: TestDatabase, isOver: () => boolean): Promise<number> {
  const sql = sqlOf(await db.client('killer'));
  let killed = 0;
  while (!isOver()) {
    const victim = await db.client('victim');
    victim.on('error', () => undefined);
    const dying = (async () => {
      for (;;) {
        await victim.query('select tally.collect_marks()');
        await victim.query('select * from tally.work()');
      }
    })().catch(() => undefined);
    await sql('select pg_sleep(0.05)');
    await sql(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'victim'`);
    await dying;
    killed += 1;
  }
  return killed;
}

for (const seed of [1, 20_261_121]) {
  test(`once nothing is due, every document is what its builder says now (seed ${seed})`, async (t) => {
    const db = await league(t, { settle: '20 milliseconds' });
    await db.sql(`select tally.create_counter('players', 'app.scores', scope => 'league')`);
    await db.sql('create index on app.scores (league)');
    const random = randomFrom(seed);
    let writing = true;
    const helpers = [
      ...Array.from({ length: WORKERS }, () => workUntil(db, () => !writing)),
      killUntil(db, () => !writing),
      (async () => {
        const sql = sqlOf(await db.client());
        while (writing) await sql('select tally.pulse()');
      })(),
    ];
    const writers = Array.from({ length: WRITERS }, async (_, at) => {
      const sql = sqlOf(await db.client());
      const own = randomFrom(seed * 100 + at);
      for (let n = 0; n < WRITES; n += 1) {
        await write(sql, own);
        // Now and then somebody reads or truncates, too.
        if (own(40) === 0) await sql(`select tally.read_summary('board', 'l${own(12)}')`);
      }
    });
    await Promise.all(writers);
    if (random(2) === 0) await db.sql(`delete from app.scores where league = 'l1'`);
    writing = false;
    await Promise.all(helpers);
    await db.sql('update tally.due set due_at = clock_timestamp()');
    await work(db.sql);
    await db.sql('select pg_sleep(0.05)');
    await work(db.sql);
    t.deepEqual(await db.sql(DIFFERENCES), []);
    t.deepEqual(await db.sql('select * from tally.verify()'), []);
    t.deepEqual(await db.sql('select from tally.marks'), []);
    t.deepEqual(await db.sql('select from tally.due'), []);
    t.deepEqual(await db.sql('select from tally.announcements'), []);
    t.true((await db.sql('select from tally.summaries')).length > 1);
  });
}
