import Koa from 'koa';
import sse from 'koa-sse-stream';

// As its documentation has it, but for `push` of one shared buffer, which costs it least.
const streams = new Set();
const app = new Koa();

app.use(async (context, next) => {
  if (context.method !== 'POST') return await next();
  const chunks = [];
  for await (const chunk of context.req) chunks.push(chunk);
  const frame = Buffer.concat(chunks);
  for (const stream of streams) stream.push(frame);
  context.status = 204;
});
app.use(sse({ maxClients: 20_000 }));
app.use((context) => {
  const stream = context.sse;
  streams.add(stream);
  stream.on('close', () => streams.delete(stream));
});
// Each client that leaves is an error to it.
app.on('error', () => undefined);
app.listen(Number(process.env.PORT), '127.0.0.1', 4096);
