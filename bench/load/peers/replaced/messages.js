import { PassThrough } from 'node:stream';
import { createCache } from './cache.js';
import { serve } from './serve.js';

// Statistics for admins: cached for 60 s; each stream reads the cache again when it is told to, and
// every 30 s in case that it was not. A tenth of the messages tell it, and compute nothing. Redis,
// its cache and its channel, is this process's memory.
const TTL_SECONDS = 60;
const FALLBACK_MS = 30_000;
const TOLD = 0.1;

await serve(async (pool) => {
  const cache = createCache();
  const streams = new Set();
  const rows = async (text) => (await pool.query(text)).rows;

  const byStatus = (where) =>
    rows(`select status, count(*)::int as count from replaced.messages ${where} group by status`);

  const stats = async () =>
    await cache.get('stats', TTL_SECONDS, async () => {
      const [total, today, thisHour, accounts, lastHour] = await Promise.all([
        byStatus(''),
        byStatus("where sent_at >= date_trunc('day', now())"),
        byStatus("where sent_at >= date_trunc('hour', now())"),
        rows(`select account_id, count(*)::int as messages from replaced.messages
              group by account_id order by messages desc limit 50`),
        rows(`select date_trunc('minute', sent_at) as minute, count(*)::int as messages
              from replaced.messages where sent_at > now() - interval '1 hour'
              group by minute order by minute`),
      ]);
      const messages = total.reduce((sum, { count }) => sum + count, 0);
      return JSON.stringify({
        total: { messages, by: total },
        today,
        thisHour,
        accounts,
        lastHour,
      });
    });

  const tell = async (stream) => stream.write(`event: sync\ndata: ${await stats()}\n\n`);

  return {
    'GET /api/admin/stats/stream': async ({ context }) => {
      const stream = new PassThrough();
      context.set('content-type', 'text/event-stream');
      context.body = stream;
      streams.add(stream);
      const fallback = setInterval(() => void tell(stream), FALLBACK_MS);
      stream.on('close', () => {
        clearInterval(fallback);
        streams.delete(stream);
      });
      stream.on('error', () => undefined);
      await tell(stream);
    },
    'POST /webhooks/instagram': async ({ body }) => {
      for (const { id, accountId, status, sentAt } of body.messages) {
        await pool.query(
          `insert into replaced.messages (id, account_id, status, sent_at)
           values ($1, $2, $3, $4) on conflict do nothing`,
          [id, accountId, status, sentAt],
        );
        if (Math.random() < TOLD) for (const stream of streams) void tell(stream);
      }
      return { received: body.messages.length };
    },
  };
});
