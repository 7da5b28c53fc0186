import test from 'ava';
import { createClient } from '../../src/demo/client.js';
import { demoLines } from '../../src/demo/lines.js';
import { hasDemo, loadDemo } from '../../src/demo/load.js';
import { makeTraffic } from '../../src/demo/traffic.js';
import { appServer, WEBHOOK_SECRET } from '../helpers/app-server.js';
import { testDatabase } from '../helpers/database.js';
import { openStream } from '../helpers/sse.js';
import { SECRET } from '../helpers/tokens.js';

const quiet = () => undefined;

test('the demo is loaded once, is counted exactly, and mixes with nobody’s own data', async (t) => {
  const database = await testDatabase(t, { template: 'apps' });
  const client = await database.client();
  t.deepEqual(await loadDemo(client, quiet), { outcome: 'loaded' });
  t.true(await hasDemo(client));
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  const [people] = await database.sql<{ n: number }>(
    'select count(*)::int as n from accounts.users',
  );
  t.deepEqual(await loadDemo(client, quiet), { outcome: 'not empty' });
  const [again] = await database.sql<{ n: number }>(
    'select count(*)::int as n from accounts.users',
  );
  t.is(again?.n, people?.n);
  const failing = await database.sql("select * from tally.doctor() where status = 'fail'");
  t.deepEqual(failing, []);
});

test('the demo of a database without applications is refused, and of two at once one loads', async (t) => {
  const engine = await testDatabase(t);
  t.deepEqual(await loadDemo(await engine.client(), quiet), { outcome: 'no applications' });
  const database = await testDatabase(t, { template: 'apps' });
  const clients = await Promise.all([database.client(), database.client()]);
  const both = await Promise.all(clients.map((client) => loadDemo(client, quiet)));
  t.deepEqual(both.map(({ outcome }) => outcome).sort(), ['loaded', 'not empty']);
});

test('each line that the demo prints works as it is', async (t) => {
  const { url, database } = await appServer(t);
  await loadDemo(await database.client(), quiet);
  const lines = await demoLines(url, { jwtSecret: SECRET, webhookSecret: WEBHOOK_SECRET });
  const tokens = new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^ {2}(\w+_TOKEN)=(\S+)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
  t.is(tokens.size, 4);
  t.true(lines.some((line) => line.includes(`while PORT=${new URL(url).port} make traffic in`)));
  const curls = lines.filter((line) => line.startsWith('  curl '));
  t.true(curls.length >= 2);
  for (const line of curls) {
    const [, signature, body = '', hook = ''] =
      /-256: (\S+)' -d '([^']+)' '([^']+)'$/.exec(line) ?? [];
    if (signature !== undefined) {
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature };
      const answer = await fetch(hook, { method: 'POST', headers, body });
      t.is(answer.status, 200, line);
      t.like(await answer.json(), { received: 1, new: 1 });
      continue;
    }
    const [, name = '', address = ''] = /Bearer \$(\w+)" '([^']+)'$/.exec(line) ?? [];
    const bearer = tokens.get(name);
    const { pathname, search } = new URL(address);
    if (line.includes('curl -N ')) {
      const path = pathname + search;
      const stream = await openStream({ base: url, path, topics: [], token: bearer });
      await stream.recorder.sync(1);
      stream.close();
    } else {
      const answer = await fetch(address, { headers: { authorization: `Bearer ${bearer}` } });
      t.is(answer.status, 200, line);
      await answer.text();
    }
  }
});

test('whatever traffic does, the server takes it, and the numbers are exact after it', async (t) => {
  const { url, database } = await appServer(t);
  await loadDemo(await database.client(), quiet);
  const refused: string[] = [];
  const told: string[] = [];
  const stopping = new AbortController();
  const client = createClient(url, { jwtSecret: SECRET, webhookSecret: WEBHOOK_SECRET }, (sent) => {
    // Twice the same, or too late: traffic of many meets that now and then.
    if (sent.status >= 400 && sent.status !== 409)
      refused.push(`${sent.method} ${sent.path}: ${sent.status}`);
  });
  const say = (line: string) => {
    told.push(line);
    if (told.length === 150) stopping.abort();
  };
  await makeTraffic({ client, signal: stopping.signal, say, pauseMs: 1 });
  t.deepEqual(refused, []);
  t.false(
    told.some((line) => line.includes('does not answer')),
    told.join('\n'),
  );
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
});
