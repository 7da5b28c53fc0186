import Koa from 'koa';
import pg from 'pg';

/**
 * The server of a replaced system: routes by `METHOD /path`, each given the query string's values,
 * the body, and who asks, which is taken on trust. What theirs did in several processes and in
 * Redis happens here in one, in memory: that is in their favour.
 */
export async function serve(routesOf) {
  // As theirs: 20 sessions that are there at all times.
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
  const routes = await routesOf(pool);
  const app = new Koa();
  app.use(async (context) => {
    const route = routes[`${context.method} ${context.path}`];
    if (route === undefined) return;
    const body = context.method === 'GET' ? undefined : JSON.parse(await textOf(context.req));
    const asked = { query: context.query, body, me: context.get('x-user'), context };
    const answer = await route(asked);
    if (answer !== undefined) context.body = answer;
  });
  const server = app.listen(Number(process.env.PORT), '127.0.0.1', 4096);
  // A poll comes every half minute at most, and should not have to connect anew.
  server.keepAliveTimeout = 600_000;
}

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
