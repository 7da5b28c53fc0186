import Koa from 'koa';
import sse from 'koa-sse-stream';
import { createTally } from '../../../dist/index.js';

// Ours in somebody's own Koa application that has koa-sse-stream already.
const tally = await createTally({ databaseUrl: process.env.DATABASE_URL, sink: 'koa-sse-stream' });
const app = new Koa();
app.use(sse({ maxClients: 20_000, matchQuery: 'topic' }));
app.use(tally.routes());
// Each client that leaves is an error to it.
app.on('error', () => undefined);
const server = app.listen(Number(process.env.PORT), '127.0.0.1', 4096);
process.once('SIGTERM', async () => {
  await tally.drain();
  server.close();
  await tally.close();
  process.exit();
});
