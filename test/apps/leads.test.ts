import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { until } from '../helpers/wait.js';

const ADMIN = ['admin'];
const STATUSES = ['new', 'contacted', 'qualified', 'won', 'lost'];

type Counts = { pendingCount: number | null; newLeadsCount: number };

test('an admin counts all new leads, anybody else his own', async (t) => {
  const { person } = await appServer(t);
  const [admin, uma, vic] = await Promise.all([person('A', ADMIN), person('U'), person('V')]);
  await uma.post('/leads', { name: 'one' });
  await uma.post('/leads', { name: 'two', email: 'two@example.org' });
  await admin.post('/leads', { name: 'three', ownerId: vic.id });
  t.deepEqual((await admin.get('/admin/counts')).json, { pendingCount: 0, newLeadsCount: 3 });
  t.deepEqual((await uma.get('/admin/counts')).json, { pendingCount: null, newLeadsCount: 2 });
  t.deepEqual((await vic.get('/admin/counts')).json, { pendingCount: null, newLeadsCount: 1 });
});

test('the counts are a 304 until they change', async (t) => {
  const { person } = await appServer(t);
  const uma = await person('U');
  const etag = (await uma.get('/admin/counts')).headers.get('etag') ?? '';
  t.is((await uma.get('/admin/counts', { 'if-none-match': etag })).status, 304);
  await uma.post('/leads', { name: 'one' });
  t.is((await uma.get('/admin/counts', { 'if-none-match': etag })).status, 200);
});

test('approving a user and moving a lead lower the badges of each open stream', async (t) => {
  const { nobody, person } = await appServer(t);
  const [admin, uma] = await Promise.all([person('A', ADMIN), person('U')]);
  const signed = await nobody.post('/auth/signup', { email: 'e@example.org', name: 'E' });
  const lead = (await uma.post('/leads', { name: 'one' })).json;
  const path = '/admin/counts/stream';
  const streams = await Promise.all([admin.stream(path), admin.stream(path), uma.stream(path)]);
  const [first, second, own] = streams;
  const is = (pending: number | null, leads: number) => (counts: Counts) =>
    counts.pendingCount === pending && counts.newLeadsCount === leads;
  await Promise.all([first, second].map((one) => one.whole(is(1, 1), '1 and 1')));
  await own.whole(is(null, 1));
  await admin.post(`/admin/pending-users/${signed.json.id}/approve`);
  await Promise.all([first, second].map((one) => one.whole(is(0, 1), '0 and 1')));
  await uma.patch(`/v1/leads/${lead.id}/status`, { status: 'contacted' });
  await Promise.all([first, second].map((one) => one.whole(is(0, 0), '0 and 0')));
  await own.whole(is(null, 0));
  t.deepEqual(
    streams.flatMap(({ recorder }) => recorder.faults),
    [],
  );
  t.is(first.recorder.count('update'), 0, 'each sync says it all');
  for (const { close } of streams) close();
});

test('a transaction that changes both badges is never seen half', async (t) => {
  const { database, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  const stream = await admin.stream('/admin/counts/stream');
  for (let round = 1; round <= 20; round += 1) {
    await database.sql(
      `with u as (insert into accounts.users (email, name)
         values ('r' || $1::int || '@example.org', 'R') returning id)
       insert into leads.leads (owner_id, name) select $2, 'R' from u`,
      [round, admin.id],
    );
  }
  await stream.whole(({ newLeadsCount }: Counts) => newLeadsCount === 20);
  const seen = stream.recorder.frames.filter(({ event }) => event === 'sync');
  t.true(seen.length > 1);
  for (const { data } of seen) {
    const { pendingCount, newLeadsCount } = JSON.parse(data) as Counts;
    t.is(pendingCount, newLeadsCount);
  }
  stream.close();
});

test('a lead is moved by its owner and by admins, and is nobody else’s business', async (t) => {
  const { nobody, as, person } = await appServer(t);
  const [admin, uma, vic] = await Promise.all([person('A', ADMIN), person('U'), person('V')]);
  const { id } = (await uma.post('/leads', { name: 'one' })).json;
  const path = `/v1/leads/${id}/status`;
  const move = (who: Somebody, status: unknown) => who.patch(path, { status });
  t.is((await move(nobody, 'won')).status, 401);
  t.is((await move(vic, 'won')).status, 404);
  t.is((await move(uma, 'sold')).status, 400);
  t.is((await move(uma, 'contacted')).json.status, 'contacted');
  t.is((await move(uma, 'contacted')).status, 200, 'a click that came twice');
  t.is((await move(admin, 'won')).json.status, 'won');
  t.is((await uma.patch('/v1/leads/999999/status', { status: 'won' })).status, 404);
  t.is((await uma.patch('/v1/leads/x/status', { status: 'won' })).status, 400);
  t.is((await uma.post('/leads', { name: 'x', ownerId: vic.id })).status, 403);
  t.is((await nobody.post('/leads', { name: 'x' })).status, 401);
  const stranger = await as('6f0c9d0e-4f0e-4a43-9d0b-0a0c5b1f6f11');
  t.is((await stranger.post('/leads', { name: 'x' })).status, 403);
  t.is((await (await as('not-a-uuid')).get('/admin/counts')).status, 403);
});

test('a lead is of an approved user, whoever takes it down', async (t) => {
  const { database, as, person } = await appServer(t);
  const admin = await person('A', ADMIN);
  const nameless = await as('6f0c9d0e-4f0e-4a43-9d0b-0a0c5b1f6f11', ADMIN);
  const refused = async (who: Somebody, body: unknown) => {
    t.like((await who.post('/leads', body)).json, {
      status: 400,
      errors: [{ field: 'ownerId', message: 'is no approved user' }],
    });
  };
  for (const who of [nameless, admin]) {
    await refused(who, { name: 'one', ownerId: nameless.id });
  }
  await refused(nameless, { name: 'one' });
  t.is((await nameless.post('/leads', { name: 'one', ownerId: admin.id })).status, 201);
  for (const status of ['pending', 'rejected']) {
    await database.sql(
      `update accounts.users
       set status = $2, decided_at = case $2 when 'rejected' then now() end where id = $1`,
      [admin.id, status],
    );
    await refused(admin, { name: 'two' });
    await refused(admin, { name: 'two', ownerId: admin.id });
  }
});

test('after 20 users at random the badges are what a recount says', async (t) => {
  const server = await appServer(t);
  const admin = await server.person('A', ADMIN);
  const users = await Promise.all(Array.from({ length: 20 }, (_, at) => server.person(`U${at}`)));
  const stream = await admin.stream('/admin/counts/stream');
  await Promise.all(users.map((user, at) => random(server, { user, admin, at })));
  const { database } = server;
  const [recount] = await database.sql<{ pending: number; leads: number }>(
    `select (select count(*)::int from accounts.users where status = 'pending') as pending,
       (select count(*)::int from leads.leads where status = 'new') as leads`,
  );
  const wanted = { pendingCount: recount?.pending, newLeadsCount: recount?.leads };
  t.deepEqual((await admin.get('/admin/counts')).json, wanted as never);
  await stream.whole(
    ({ pendingCount, newLeadsCount }: Counts) =>
      pendingCount === wanted.pendingCount && newLeadsCount === wanted.newLeadsCount,
  );
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
  for (const user of users) {
    const [own] = await database.sql<{ n: number }>(
      "select count(*)::int as n from leads.leads where owner_id = $1 and status = 'new'",
      [user.id],
    );
    t.is((await user.get('/admin/counts')).json.newLeadsCount, own?.n);
  }
  stream.close();
});

/** What one user does: signs others up, takes down leads and moves them, decides as an admin. */
async function random(
  { nobody }: AppServer,
  { user, admin, at }: { user: Somebody; admin: Somebody; at: number },
): Promise<void> {
  const ids: unknown[] = [];
  for (let step = 0; step < 12; step += 1) {
    const dice = (at * 7 + step * 5) % 4;
    if (dice === 0) {
      const email = `${at}-${step}@example.org`;
      const { id } = (await nobody.post('/auth/signup', { email, name: 'N' })).json;
      if (step % 2 === 0) await admin.post(`/admin/pending-users/${id}/approve`);
    } else if (dice === 1 && ids.length > 0) {
      const status = STATUSES[(at + step) % STATUSES.length];
      await user.patch(`/v1/leads/${ids[step % ids.length]}/status`, { status });
    } else {
      ids.push((await user.post('/leads', { name: `lead ${step}` })).json.id);
    }
  }
}

test('an application that is not in the database is a 404', async (t) => {
  const { database, person } = await appServer(t);
  const uma = await person('U');
  await database.sql('drop schema leads cascade');
  const answer = await until(async () => {
    const one = await uma.post('/leads', { name: 'one' });
    return one.status === 404 && one;
  });
  t.is(answer.json.detail, 'This application is not in this database.');
});
