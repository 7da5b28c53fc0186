import { createCache } from './cache.js';
import { serve } from './serve.js';

// Pending invitations. MANNER=first: all rows are fetched and looked at, and for each that has not
// expired its caller, room and match are fetched, too. MANNER=adaptive: one UPDATE of what has
// expired, one SELECT, and a cache of 10 s for each user, which writing removes.
const TTL_SECONDS = 10;

await serve(async (pool) => {
  const cache = createCache();
  const rows = async (text, values) => (await pool.query(text, values)).rows;

  const first = async (me) => {
    const pending = await rows(
      "select * from replaced.invitations where receiver_id = $1 and status = 'pending'",
      [me],
    );
    const shown = [];
    for (const { id, caller_id, room_id, expires_at } of pending) {
      if (expires_at.getTime() <= Date.now()) continue;
      const [caller] = await rows('select name from replaced.users where id = $1', [caller_id]);
      const [room] = await rows('select * from replaced.rooms where id = $1', [room_id]);
      const [match] = await rows('select * from replaced.matches where id = $1', [room.match_id]);
      const names = { caller: caller.name, room: room.name, match_title: match.title };
      shown.push({ id: Number(id), ...names, expires_at });
    }
    return shown;
  };

  const adaptive = async (me) =>
    await cache.get(`pending ${me}`, TTL_SECONDS, async () => {
      await pool.query(
        `update replaced.invitations set status = 'expired'
         where receiver_id = $1 and status = 'pending' and expires_at < now()`,
        [me],
      );
      const pending = await rows(
        `select i.id, u.name as caller, r.name as room, m.title as match_title, i.expires_at
         from replaced.invitations as i
         join replaced.users as u on u.id = i.caller_id
         join replaced.rooms as r on r.id = i.room_id
         join replaced.matches as m on m.id = r.match_id
         where i.receiver_id = $1 and i.status = 'pending' and i.expires_at >= now()`,
        [me],
      );
      return pending.map((row) => ({ ...row, id: Number(row.id) }));
    });

  const pendingOf = process.env.MANNER === 'first' ? first : adaptive;
  return {
    'GET /calls/pending': async ({ me }) => ({ invitations: await pendingOf(me) }),
    'POST /calls/invitations': async ({ me, body }) => {
      const [row] = await rows(
        `insert into replaced.invitations
           (created_at, caller_id, receiver_id, room_id, status, expires_at)
         values (now(), $1, $2, $3, 'pending', now() + interval '10 minutes') returning id`,
        [me, body.receiverId, body.roomId],
      );
      cache.invalidate(`pending ${body.receiverId}`);
      return { id: Number(row.id) };
    },
  };
});
