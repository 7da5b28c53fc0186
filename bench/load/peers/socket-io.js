import { createAdapter } from '@socket.io/postgres-adapter';
import pg from 'pg';
import { Server } from 'socket.io';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
await pool.query(
  `create table if not exists socket_io_attachments (
     id bigserial unique, created_at timestamptz default now(), payload bytea)`,
);

// WebSocket alone, and no pings: the load client answers none.
const io = new Server({ transports: ['websocket'], pingInterval: 600_000 });
io.adapter(createAdapter(pool));
io.on('connection', (socket) => socket.join('load_rows'));
io.listen(Number(process.env.PORT), { host: '127.0.0.1' });
