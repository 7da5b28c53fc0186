import type { TestDatabase } from './database.js';

/** The statistics of messages, and the same counted anew from the rows themselves. */

export type ByStatus = Readonly<
  Record<'messages' | 'sent' | 'delivered' | 'read' | 'failed', number>
>;

export type Stats = {
  readonly total: ByStatus;
  readonly today: ByStatus;
  readonly thisHour: ByStatus;
  readonly accounts: readonly { readonly accountId: string; readonly messages: number }[];
  readonly lastHour: { readonly from: string; readonly perMinute: readonly number[] };
};

const BY_STATUS = `jsonb_build_object('messages', count(*),
  'sent', count(*) filter (where status = 'sent'),
  'delivered', count(*) filter (where status = 'delivered'),
  'read', count(*) filter (where status = 'read'),
  'failed', count(*) filter (where status = 'failed'))`;

const RECOUNT = `
with clock as (select date_trunc('minute', $1::timestamptz at time zone 'UTC') as minute),
m as (
  select m.*, date_trunc('minute', m.sent_at at time zone 'UTC') as minute
  from messages.messages m
)
select jsonb_build_object(
  'total', (select ${BY_STATUS} from m),
  'today', (select ${BY_STATUS} from m, clock c where m.minute::date = c.minute::date),
  'thisHour', (select ${BY_STATUS} from m, clock c
    where date_trunc('hour', m.minute) = date_trunc('hour', c.minute)),
  'accounts', (select coalesce(jsonb_agg(a.one), '[]') from (
    select jsonb_build_object('accountId', account_id, 'messages', count(*)) as one from m
    group by account_id order by count(*) desc, account_id collate "C" limit 50) a),
  'lastHour', jsonb_build_object(
    'from', to_char((select minute from clock) - interval '59 minutes',
                    'YYYY-MM-DD"T"HH24:MI:SS".000Z"'),
    'perMinute', (select jsonb_agg((select count(*) from m where m.minute = s.minute)
                                   order by s.minute)
      from clock c, generate_series(c.minute - interval '59 minutes', c.minute, '1 minute') s (minute))
  )) as stats`;

/** As of the minute that the statistics end with, so that a minute that begins changes nothing. */
export async function recountAsOf({ sql }: TestDatabase, shown: Stats): Promise<Stats | undefined> {
  const last = new Date(Date.parse(shown.lastHour.from) + 59 * 60_000).toISOString();
  const [row] = await sql<{ stats: Stats }>(RECOUNT, [last]);
  return row?.stats;
}

/** As messages.stats would show it at that time, whatever time it is. */
export async function statsAt({ sql }: TestDatabase, at: string): Promise<Stats> {
  const [row] = await sql<{ stats: Stats }>('select messages.stats_at($1) as stats', [at]);
  if (row === undefined) throw new Error('messages.stats_at returned nothing');
  return row.stats;
}
