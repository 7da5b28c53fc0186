import type { Database } from '../../lib/database.js';

/** Where each person works: one of the facilities of large/facilities.sql, not of the demo. */
export async function placesOf(database: Database): Promise<ReadonlyMap<string, string>> {
  const rows = await database.sql<{ user_id: string; facility_id: string }>(
    `select user_id, facility_id from facilities.staff
     where facility_id::text like '00000000-0000-4000-a000-%'`,
  );
  return new Map(rows.map(({ user_id, facility_id }) => [user_id, facility_id]));
}
