import Koa from 'koa';

// A route that knows its answer: what Koa itself costs.
const app = new Koa();
app.use((context) => {
  context.body = { topic: 'load_rows', value: 17, version: 17 };
});
app.listen(Number(process.env.PORT), '127.0.0.1', 4096);
