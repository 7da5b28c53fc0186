import { createServer } from 'node:http';

// The floor for a server in JavaScript: streams in a set, one shared buffer written to each.
const streams = new Set();

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const frame = Buffer.concat(chunks);
      for (const stream of streams) stream.write(frame);
      response.writeHead(204).end();
    });
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': ok\n\n');
  streams.add(response);
  response.on('close', () => streams.delete(response));
});
server.listen(Number(process.env.PORT), '127.0.0.1', 4096);
