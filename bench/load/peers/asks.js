import { createServer } from 'node:http';
import pg from 'pg';

// The least that an idle server can do: it asks its database something, once a second.
const client = new pg.Client(process.env.DATABASE_URL);
await client.connect();
setInterval(() => client.query({ name: 'asks', text: 'select 1' }), 1000);
createServer((_request, response) => response.end()).listen(Number(process.env.PORT), '127.0.0.1');
