import type { TestDatabase } from './database.js';
import type { Sql } from './engine.js';

/** Facilities as a DBA makes them, and nights that pass by moving their rows a day back. */

export type Day = {
  facilityId: string;
  date: string;
  totalStock: number;
  totalTransferred: number;
  totalRequests: number;
  updatedAt: string;
};

export type Facility = {
  readonly id: string;
  readonly bank: string;
  readonly path: string;
};

export type FacilityOptions = {
  /** Where it is about noon, if nothing is said. */
  readonly zone?: string;
  readonly staff?: readonly string[];
  /** When it began, as an interval before now. */
  readonly age?: string;
};

/** A zone where it is about so many hours past noon: what is today stays so while a test runs. */
export function zoneFromNoon(hours: number): string {
  const ahead = 12 + hours - new Date().getUTCHours();
  const offset = ahead > 14 ? ahead - 24 : ahead < -12 ? ahead + 24 : ahead;
  // POSIX counts what is behind.
  return `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`;
}

/** With one blood bank. */
export async function facility(
  { sql }: Pick<TestDatabase, 'sql'>,
  { zone = zoneFromNoon(0), staff = [], age = '0' }: FacilityOptions = {},
): Promise<Facility> {
  const [made] = await sql<{ id: string; bank: string }>(
    `with f as (
       insert into facilities.facilities (name, time_zone, created_at)
       values ('General', $1, clock_timestamp() - $2::interval) returning id
     ), s as (
       insert into facilities.staff (facility_id, user_id)
       select f.id, u from f, unnest($3::uuid[]) u
     )
     insert into facilities.blood_banks (facility_id, name)
     select f.id, 'Main' from f returning facility_id as id, id as bank`,
    [zone, age, staff],
  );
  if (made === undefined) throw new Error('no facility was made');
  return { ...made, path: `/api/facilities/${made.id}` };
}

/** Takes units in by SQL; returns the item's id. */
export async function stock(
  sql: Sql,
  { id, bank }: Facility,
  { quantity = 10, received = '0', keeps = '30 days' } = {},
): Promise<number> {
  const [item] = await sql<{ id: string }>(
    `insert into facilities.inventory
       (blood_bank_id, facility_id, blood_type, quantity, received_at, expires_at)
     values ($1, $2, 'O-', $3, clock_timestamp() - $4::interval,
             clock_timestamp() - $4::interval + $5::interval)
     returning id`,
    [bank, id, quantity, received, keeps],
  );
  return Number(item?.id);
}

export type Row = { date: string; stock: number; transferred: number; requests: number };

/** What dashboard_daily_summary says, first day first. */
export async function daysOf(sql: Sql, { id }: Pick<Facility, 'id'>): Promise<Row[]> {
  return await sql<Row>(
    `select date::text, total_stock::int as stock, total_transferred::int as transferred,
       total_requests::int as requests
     from facilities.dashboard_daily_summary where facility_id = $1 order by date`,
    [id],
  );
}

/**
 * A night passes: what has happened at these facilities happened a day earlier, and so did their
 * days. Dates are set by triggers, which would set today's again.
 */
export async function night(sql: Sql, ...some: readonly Pick<Facility, 'id'>[]): Promise<void> {
  const ids = some.map(({ id }) => `'${id}'`).join(', ');
  await sql(`do $do$ begin
    alter table facilities.days disable trigger user;
    alter table facilities.requests disable trigger _100_date_request;
    alter table facilities.distributions disable trigger _100_date_delivery;
    -- In two steps, as no two days may have one date meanwhile.
    update facilities.days set date = date - 10000 where facility_id in (${ids});
    update facilities.days set date = date + 9999, begins_at = begins_at - interval '1 day',
      ends_at = facilities.day_end(date + 9999, time_zone), updated_at = updated_at - interval '1 day'
    where facility_id in (${ids});
    update facilities.requests set created_on = created_on - 1,
      created_at = created_at - interval '1 day' where facility_id in (${ids});
    update facilities.movements set moved_on = moved_on - 1, moved_at = moved_at - interval '1 day'
    where facility_id in (${ids});
    update facilities.distributions set dispatched_at = dispatched_at - interval '1 day',
      delivered_at = delivered_at - interval '1 day', delivered_on = delivered_on - 1
    where dispatched_to in (${ids});
    alter table facilities.days enable trigger user;
    alter table facilities.requests enable trigger _100_date_request;
    alter table facilities.distributions enable trigger _100_date_delivery;
  end $do$`);
}

/** Closes what is over, as a server's work does. */
export async function closeDays(sql: Sql): Promise<void> {
  for (;;) {
    const [row] = await sql<{ changed: string }>('select tally.expire_due() as changed');
    if (Number(row?.changed) === 0) return;
  }
}
