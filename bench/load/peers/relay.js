import { createServer } from 'node:http';
import pg from 'pg';

// The floor for a change's way from a commit to a stream: what is notified is written, as it is.
const streams = new Set();
let last = '{"topic":"load_probes","value":0}';

const client = new pg.Client(process.env.DATABASE_URL);
client.on('notification', ({ payload }) => {
  last = payload;
  const frame = `data: ${payload}\n\n`;
  for (const stream of streams) stream.write(frame);
});
await client.connect();
await client.query('listen load_relay');

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`data: ${last}\n\n`);
  streams.add(response);
  response.on('close', () => streams.delete(response));
});
server.listen(Number(process.env.PORT), '127.0.0.1');
