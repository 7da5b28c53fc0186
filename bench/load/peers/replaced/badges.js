import { createCache } from './cache.js';
import { serve } from './serve.js';

// Counts for badges: a cache of 5 s, invalidated by hand in each route that changes a count; an
// admin's number of leads is cached, anybody else's is counted each time.
const TTL_SECONDS = 5;

await serve(async (pool) => {
  const cache = createCache();
  const count = async (text, values = []) => Number((await pool.query(text, values)).rows[0].count);
  return {
    'GET /admin/pending-users/count': async () => ({
      pendingCount: await cache.get('pending_users', TTL_SECONDS, () =>
        count("select count(*) from replaced.users where status = 'pending'"),
      ),
    }),
    'GET /leads/new-count': async ({ query, me }) => ({
      newLeadsCount:
        query.role === 'admin'
          ? await cache.get('new_leads', TTL_SECONDS, () =>
              count("select count(*) from replaced.leads where status = 'new'"),
            )
          : await count(
              "select count(*) from replaced.leads where status = 'new' and owner_id = $1",
              [me],
            ),
    }),
    'POST /auth/signup': async ({ body }) => {
      await pool.query(
        `insert into replaced.users (id, email, name, status, signed_up_at)
         values (gen_random_uuid(), $1, $2, 'pending', now())`,
        [body.email, body.name],
      );
      cache.invalidate('pending_users');
      return { status: 'pending' };
    },
    'POST /leads': async ({ body, me }) => {
      const { rows } = await pool.query(
        `insert into replaced.leads (owner_id, name, status, created_at)
         values ($1, $2, 'new', now()) returning id`,
        [me, body.name],
      );
      cache.invalidate('new_leads');
      return { id: rows[0].id };
    },
  };
});
