import type pg from 'pg';
import { isSqlError } from '../../../../src/sql-error.js';
import { until } from '../../../helpers/wait.js';
import type { Announcements } from './announcements.js';
import { DIFFERENCES, RANKED } from './counters.js';
import { type Difference, type Figures, reportDifferences } from './figures.js';
import { ROOTS } from './fixture.js';

/** Everything that compares what is shown with what the rows say. */

const SETTLE_MS_MAX = 60_000;

const CHECKPOINT =
  'begin isolation level repeatable read, read only; ' +
  `lock table ${ROOTS.join(', ')} in access share mode`;

/** One snapshot while writers go on. */
export async function checkpoint(client: pg.Client, figures: Figures): Promise<void> {
  try {
    await client.query(CHECKPOINT);
    const { rows } = await client.query<Difference>({ name: 'differences', text: DIFFERENCES });
    reportDifferences(figures, 'at a checkpoint', rows);
    figures.checkpoints += 1;
  } catch (error) {
    // A TRUNCATE of several tables and this may wait for each other.
    if (!isDeadlock(error)) throw error;
  } finally {
    await client.query('rollback');
  }
}

export async function verify(client: pg.Client, figures: Figures): Promise<void> {
  try {
    const { rows } = await client.query<Difference>('select * from tally.verify()');
    reportDifferences(figures, 'tally.verify', rows);
    figures.verifications += 1;
  } catch (error) {
    if (!isDeadlock(error)) throw error;
  }
}

export function isDeadlock(error: unknown): boolean {
  return isSqlError(error) && error.code === '40P01';
}

/** After the last writer: everything is folded, filled, announced, and right in every view. */
export async function settle(
  client: pg.Client,
  figures: Figures,
  announcements: Announcements,
): Promise<void> {
  await until(
    async () => {
      await client.query('call tally.tick()');
      const { rows } = await client.query<{ left: number }>(
        `select (select count(*) from tally.pending)::int
              + (select count(*) from tally.unfilled)::int
              + (select count(*) from tally.definitions where announce_from is not null)::int as left`,
      );
      return rows[0]?.left === 0;
    },
    { deadlineMs: SETTLE_MS_MAX, what: 'a state with nothing pending' },
  );
  await checkpoint(client, figures);
  await verify(client, figures);
  await checkTotals(client, figures);
  for (const name of RANKED) await checkTop(client, figures, name);
  await announcements.compare();
}

async function checkTotals(client: pg.Client, figures: Figures): Promise<void> {
  const left = await client.query('select * from tally.deltas');
  if (left.rows.length > 0) figures.faults.push(`${left.rows.length} deltas were never folded`);
  const { rows } = await client.query<Difference>(
    `select d.name, t.scope, t.value as counted, c.value as actual
     from tally.totals t
     join tally.definitions d on d.id = t.counter
     left join tally.counters c on c.name = d.name and c.scope = t.scope
     where c.value is distinct from t.value
       and t.value between -9223372036854775808 and 9223372036854775807`,
  );
  reportDifferences(figures, 'in tally.totals', rows);
  const ranking = await client.query(
    `select from tally.totals t join tally.definitions d on d.id = t.counter
     where case when d.ranked then t.ranking is distinct from t.value else t.ranking is not null end`,
  );
  if (ranking.rows.length > 0) figures.faults.push(`${ranking.rows.length} rankings are wrong`);
}

async function checkTop(client: pg.Client, figures: Figures, name: string): Promise<void> {
  const { rows } = await client.query<{ n: number }>(
    `with expected as (
       select scope collate "C" as scope, value,
              row_number() over (order by value desc, scope collate "C") as rank
       from tally.counters where name = $1
     )
     select n
     from (values (0), (1), (3), (1000)) v (n)
     where exists (
       (select scope, value, rank from expected where rank <= n
        except select scope collate "C", value, rank from tally.top($1, n))
       union all
       (select scope collate "C", value, rank from tally.top($1, n)
        except select scope, value, rank from expected where rank <= n))`,
    [name],
  );
  for (const { n } of rows) figures.faults.push(`tally.top('${name}', ${n}) is in another order`);
}
