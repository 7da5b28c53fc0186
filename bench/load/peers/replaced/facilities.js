import { serve } from './serve.js';

// Dashboards from a table that a scheduler computes anew for every facility every five minutes.
// Whoever reads a row that is older waits while it is computed. Requests, inventory and issues
// compute it at once; a delivery is none of these.
const EVERY_MS = 300_000;

await serve(async (pool) => {
  const one = async (text, values) => (await pool.query(text, values)).rows[0];

  const refresh = async (id) => {
    const stock = await one(
      `select coalesce(sum(quantity), 0) as sum from replaced.blood_inventory
       join replaced.blood_banks on blood_inventory.blood_bank_id = blood_banks.id
       where blood_banks.facility_id = $1 and quantity > 0`,
      [id],
    );
    const transferred = await one(
      `select coalesce(sum(quantity), 0) as sum from replaced.blood_distributions
       where dispatched_to_id = $1 and date_delivered::date = current_date
         and date_delivered is not null`,
      [id],
    );
    const requests = await one(
      `select count(*) as sum from replaced.blood_requests
       where facility_id = $1 and created_at::date = current_date`,
      [id],
    );
    await pool.query(
      `insert into replaced.dashboard_daily_summary values ($1, current_date, $2, $3, $4, now())
       on conflict (facility_id, date) do update set total_stock = excluded.total_stock,
         total_transferred = excluded.total_transferred,
         total_requests = excluded.total_requests, updated_at = excluded.updated_at`,
      [id, stock.sum, transferred.sum, requests.sum],
    );
  };

  const schedule = async () => {
    const { rows } = await pool.query('select distinct facility_id from replaced.blood_banks');
    for (const { facility_id } of rows) await refresh(facility_id);
  };
  await schedule();
  setInterval(() => void schedule(), EVERY_MS);

  const today = (id) =>
    one(
      'select * from replaced.dashboard_daily_summary where facility_id = $1 and date = current_date',
      [id],
    );
  return {
    'GET /dashboard': async ({ query }) => {
      let row = await today(query.id);
      if (row === undefined || Date.now() - row.updated_at.getTime() > EVERY_MS) {
        await refresh(query.id);
        row = await today(query.id);
      }
      return {
        totalStock: Number(row.total_stock),
        totalTransferred: Number(row.total_transferred),
        totalRequests: Number(row.total_requests),
        updatedAt: row.updated_at,
      };
    },
    'POST /requests': async ({ body }) => {
      await pool.query(
        `insert into replaced.blood_requests (facility_id, blood_type, quantity, created_at)
         values ($1, $2, $3, now())`,
        [body.facilityId, body.bloodType, body.quantity],
      );
      await refresh(body.facilityId);
      return {};
    },
    'POST /deliver': async ({ body }) => {
      await pool.query(
        'update replaced.blood_distributions set date_delivered = now() where id = $1',
        [body.distributionId],
      );
      return {};
    },
  };
});
