import test from 'ava';
import { type AppServer, appServer, type Somebody } from '../helpers/app-server.js';
import { until } from '../helpers/wait.js';

const PATH = '/api/investors/public';

type Stats = { investors: number; bySector: { sector: string; investors: number }[] };
type Entry = { readonly id: string; readonly name: string };

/** 45 entries, I01 to I45: type, sectors and cheques by their number. */
async function filled(t: Parameters<typeof appServer>[0]): Promise<AppServer> {
  const server = await appServer(t);
  await server.database.sql(
    `insert into community.investors (type, name, company, bio, sectors, check_min, check_max)
     select case when g % 3 = 0 then 'organization' else 'individual' end,
       'I' || lpad(g::text, 2, '0'), 'Company ' || g % 5, 'likes boats.example/' || g,
       array['s' || g % 4, 't' || g % 6], g * 1000, g * 1000 + 500
     from generate_series(1, 45) g`,
  );
  return server;
}

async function names(who: Somebody, query: string): Promise<string[]> {
  const { investors } = (await who.get(`${PATH}?${query}`)).json;
  return (investors as Entry[]).map(({ name }) => name);
}

test('filters of the directory combine', async (t) => {
  const { nobody } = await filled(t);
  const numbers = async (query: string) =>
    (await names(nobody, query)).map((name) => Number(name.slice(1)));
  const where = (fits: (g: number) => boolean) =>
    Array.from({ length: 45 }, (_, at) => at + 1)
      .filter(fits)
      .slice(0, 20);
  t.deepEqual(
    await numbers(''),
    where(() => true),
  );
  t.deepEqual(
    await numbers('type=organization'),
    where((g) => g % 3 === 0),
  );
  t.deepEqual(
    await numbers('sector=S1&sector=t3'),
    where((g) => g % 4 === 1 || g % 6 === 3),
  );
  t.deepEqual(
    await numbers('min_check=40000'),
    where((g) => g >= 40),
  );
  t.deepEqual(await numbers('min_check=3500&max_check=5000'), [3, 4, 5]);
  t.deepEqual(
    await numbers('q=comp 3'),
    where((g) => g % 5 === 3),
  );
  t.deepEqual(await numbers('q=boats.example/7'), [7]);
  t.deepEqual(
    await numbers('type=individual&sector=s1&max_check=20000&q=likes company'),
    where((g) => g % 3 !== 0 && g % 4 === 1 && g <= 20),
  );
  t.deepEqual(await numbers('q=nothing like it'), []);
  for (const query of ['type=bank', 'page=0', 'page=51', 'min_check=-1', 'q=%2B', 'after=x']) {
    t.is((await nobody.get(`${PATH}?${query}`)).status, 400, query);
  }
  const reversed = await nobody.get(`${PATH}?min_check=2&max_check=1`);
  t.like(reversed.json, { status: 400, errors: [{ field: 'max_check' }] });
});

test('the directory is read by pages and by cursors alike', async (t) => {
  const { nobody } = await filled(t);
  const first = (await nobody.get(PATH)).json;
  t.is((first.investors as unknown[]).length, 20);
  const second = (await nobody.get(`${PATH}?after=${first.next}`)).json;
  t.deepEqual(second, (await nobody.get(`${PATH}?page=2`)).json);
  const third = (await nobody.get(`${PATH}?page=3`)).json;
  t.is((third.investors as unknown[]).length, 5);
  t.is(third.next, null);
});

test('of a word that more than a thousand entries have, a thousand and what comes first are shown', async (t) => {
  const { nobody, database } = await appServer(t);
  // The later in the order of names, the earlier in the table.
  await database.sql(
    `insert into community.investors (type, name, bio, sectors, check_max)
     select case when g % 2 = 0 then 'organization' else 'individual' end,
       'I' || lpad(g::text, 4, '0'), case when g % 100 = 7 then 'boats' else 'likes' end,
       array['s' || g % 40], 1
     from generate_series(2000, 1, -1) g`,
  );
  const where = (fits: (g: number) => boolean) =>
    Array.from({ length: 2000 }, (_, at) => at + 1)
      .filter(fits)
      .map((g) => `I${String(g).padStart(4, '0')}`);
  const walked = async (query: string) => {
    const seen: string[] = [];
    let after = '';
    do {
      const { json } = await nobody.get(`${PATH}?${query}${after}`);
      seen.push(...(json.investors as Entry[]).map(({ name }) => name));
      after = typeof json.next === 'string' ? `&after=${encodeURIComponent(json.next)}` : '';
    } while (after !== '');
    return seen;
  };
  const common = (g: number) => g % 100 !== 7;
  t.deepEqual(await walked('q=likes'), where(common), 'each page begins where the last one ended');
  t.deepEqual(
    await walked('q=boats'),
    where((g) => !common(g)),
  );
  // With a filter that fewer than a thousand fit, none is left out, on pages by number neither.
  t.deepEqual(
    await walked('q=likes&type=organization'),
    where((g) => common(g) && g % 2 === 0),
  );
  t.deepEqual(
    await walked('q=lik&sector=s6'),
    where((g) => common(g) && g % 40 === 6),
  );
  t.deepEqual(
    await names(nobody, 'q=likes&type=organization&page=50'),
    where((g) => common(g) && g % 2 === 0).slice(980),
  );
  t.deepEqual(await names(nobody, 'q=likes&page=3'), where(common).slice(40, 60));
  // Of all that have it: those of the first 500, and the thousand that were found.
  const found = where((g) => common(g) && (g <= 500 || g > 990));
  t.deepEqual(await names(nobody, 'q=likes&page=50'), found.slice(980, 1000));
});

test('an unchanged directory is a 304 without a query of it, and each change ends that', async (t) => {
  const { nobody, person, database } = await filled(t);
  const query = `${PATH}?type=individual&q=likes`;
  const etagOf = async () => (await nobody.get(query)).headers.get('etag') ?? '';
  const etag = await etagOf();
  const signature = 'community.directory(text, text[], bigint, bigint, text, integer, text)';
  await database.sql(`alter function ${signature} rename to away`);
  t.is((await nobody.get(query, { 'if-none-match': etag })).status, 304);
  const other = await nobody.get(`${PATH}?type=individual`, { 'if-none-match': etag });
  t.is(other.status, 404, 'another question');
  await database.sql(
    'alter function community.away(text, text[], bigint, bigint, text, integer, text) rename to directory',
  );
  const seen = new Set([etag]);
  const ivy = await person('Ivy', ['investor']);
  const entry = { type: 'individual', name: 'Ivy', bio: 'likes', minCheck: 1, maxCheck: 9 };
  const changes = [
    () => ivy.put('/api/investors/me', entry),
    () => ivy.put('/api/investors/me', { ...entry, bio: 'likes it' }),
    () => ivy.put('/api/investors/me', { ...entry, bio: 'likes' }),
    () => database.sql(`delete from community.investors where name in ('I01', 'I02')`),
    () =>
      database.sql(
        `update community.investors set name = case name when 'I04' then 'I05' else 'I04' end
         where name in ('I04', 'I05')`,
      ),
  ];
  for (const [at, change] of changes.entries()) {
    await change();
    const next = await etagOf();
    t.false(seen.has(next), `change ${at}`);
    seen.add(next);
  }
  const last = await etagOf();
  await ivy.put('/api/investors/me', { ...entry, bio: 'likes' });
  t.is(await etagOf(), last, 'the same again is no change');
});

test('the numbers of the directory follow it', async (t) => {
  const { nobody, person } = await filled(t);
  const path = '/api/investors/stats';
  const { json } = await nobody.get(path);
  t.like(json, { investors: 45, byType: { individual: 30, organization: 15 } });
  t.deepEqual((json.bySector as unknown[])[0], { sector: 's1', investors: 12 });
  const ivy = await person('Ivy', ['investor']);
  const entry = { type: 'organization', name: 'Ivy', minCheck: 1, maxCheck: 9 };
  await ivy.put('/api/investors/me', { ...entry, sectors: ['Air', 'air', 'fire'] });
  const air = async () => {
    const { investors, bySector } = (await nobody.get(path)).json as unknown as Stats;
    return investors === 46 && bySector.find(({ sector }) => sector === 'air');
  };
  t.deepEqual(await until(air), { sector: 'air', investors: 1 });
  await ivy.put('/api/investors/me', { ...entry, sectors: ['fire'] });
  await until(async () => (await air()) === undefined && true, { what: 'no investor in air' });
});

test('an investor who is let in no more leaves the directory and its numbers, and comes back', async (t) => {
  const { nobody, person, database } = await filled(t);
  const ivy = await person('Ivy', ['investor']);
  const uma = await person('Uma');
  const entry = { type: 'individual', name: 'Ivy', sectors: ['air'], minCheck: 1, maxCheck: 9 };
  await ivy.put('/api/investors/me', entry);
  const queries = ['sector=air', 'q=ivy', 'type=individual&max_check=9'];
  const shown = async () =>
    (await Promise.all(queries.map(async (query) => await names(nobody, query)))).flat();
  const etagOf = async () => (await nobody.get(`${PATH}?q=ivy`)).headers.get('etag') ?? '';
  const numbers = async (investors: number) =>
    await until(
      async () => {
        const { json } = await nobody.get('/api/investors/stats');
        return json.investors === investors && (json as unknown as Stats);
      },
      { what: `${investors} investors` },
    );
  const inAir = ({ bySector }: Stats) => bySector.filter(({ sector }) => sector === 'air').length;
  const asked = () =>
    uma.post('/api/intro-requests', { investorId: ivy.id, message: 'Shall we meet?' });
  t.deepEqual(await shown(), ['Ivy', 'Ivy', 'Ivy']);
  const before = await numbers(46);
  t.is(inAir(before), 1);
  const etag = await etagOf();

  await database.sql(`update accounts.users set status = 'rejected' where id = $1`, [ivy.id]);
  const gone = await nobody.get(`${PATH}?q=ivy`, { 'if-none-match': etag });
  t.is(gone.status, 200);
  t.deepEqual(gone.json.investors, []);
  t.deepEqual(await shown(), []);
  const after = await numbers(45);
  t.is(inAir(after), 0);
  t.like(after, { byType: { individual: 30 } });
  t.is((await asked()).status, 404);
  // Neither a touch of the row nor a word of hers brings it back.
  await database.sql('update community.investors set listed = true, bio = $2 where id = $1', [
    ...[ivy.id, 'hello'],
  ]);
  t.is((await ivy.put('/api/investors/me', entry)).status, 403);
  t.deepEqual(await shown(), []);

  await database.sql(`update accounts.users set status = 'approved' where id = $1`, [ivy.id]);
  t.deepEqual(await shown(), ['Ivy', 'Ivy', 'Ivy']);
  t.is(inAir(await numbers(46)), 1);
  t.false([etag, gone.headers.get('etag')].includes(await etagOf()));
  t.is((await asked()).status, 201);
  t.deepEqual(await database.sql('select * from tally.verify()'), []);
});

test('an entry that is written while its user is turned down is in no directory', async (t) => {
  const { nobody, person, database } = await appServer(t);
  const ivy = await person('Ivy', ['investor']);
  const writer = await database.client();
  const admin = await database.client();
  await writer.query('begin');
  await writer.query(
    `select community.put_investor($1, '{investor}', '{"type": "individual", "name": "Ivy",
      "sectors": [], "minCheck": 1, "maxCheck": 2}')`,
    [ivy.id],
  );
  const decided = admin.query(`update accounts.users set status = 'rejected' where id = $1`, [
    ivy.id,
  ]);
  await until(
    async () =>
      (
        await database.sql(`select from pg_stat_activity
          where wait_event_type = 'Lock' and datname = current_database()`)
      ).length === 1,
  );
  await writer.query('commit');
  await decided;
  t.deepEqual(await names(nobody, ''), []);
});

test('words are found by how they begin, whatever stands between them', async (t) => {
  const { nobody, person } = await appServer(t);
  const uma = await person('Uma-Marie O’Neil');
  const boat = { title: 'Solar boat', description: 'See https://boats.example/fast, v2.5' };
  const { id } = (await uma.post('/api/projects', boat)).json;
  await uma.post('/api/projects', { title: 'A kite' });
  const chain = (await uma.post('/api/chains', { title: 'Boats & kites' })).json;
  const find = async (q: string) =>
    (await nobody.get(`/api/search?q=${encodeURIComponent(q)}`)).json as Record<string, Entry[]>;
  t.like(await find('BOA'), { projects: [{ id }], chains: [{ id: chain.id }], users: [] });
  t.like(await find('fast sol'), { projects: [{ id }], chains: [] });
  t.like(await find('example/fa'), { projects: [{ id }] });
  t.like(await find('a kite'), { projects: [{ title: 'A kite' }], chains: [] });
  t.deepEqual((await find('neil mar')).users, [{ id: uma.id, name: 'Uma-Marie O’Neil' }]);
  // An é may come as one character or as two.
  const words = { title: 'E\u0301cole', description: 'caf\u00e9' };
  const school = (await uma.post('/api/projects', words)).json;
  for (const q of ['\u00e9cole', 'e\u0301cole', 'cafe\u0301']) {
    t.like(await find(q), { projects: [{ id: school.id, title: '\u00c9cole' }] }, q);
  }
  t.like(await find("'); drop table x; --"), { projects: [], chains: [], users: [] });
  for (const q of ['', ' ', '%26%7C', 'x'.repeat(201)]) {
    t.is((await nobody.get(`/api/search?q=${q}`)).status, 400, q);
  }
});
