import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { httpServer } from '../../helpers/http.js';
import { freePort } from '../../helpers/ports.js';
import { forged, keySet, rawToken, SECRET, token } from '../../helpers/tokens.js';

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });

test('an audience says who may read: everybody, a role, the owner of the scope and the admin', async (t) => {
  const { get } = await httpServer(t);
  const somebody = bearer(await token({ sub: '42' }));
  const member = bearer(await token({ sub: '7', roles: ['team'] }));
  const admin = bearer(await token({ sub: '1', roles: ['admin'] }));
  const nobody = {};
  const expected: [path: string, who: Record<string, string>, status: number][] = [
    ['/v1/counters/things', nobody, 200],
    ['/v1/counters/things', somebody, 200],
    ['/v1/counters/team_things', nobody, 401],
    ['/v1/counters/team_things', somebody, 403],
    ['/v1/counters/team_things', member, 200],
    ['/v1/counters/team_things', admin, 403],
    ['/v1/counters/mine/42', nobody, 401],
    ['/v1/counters/mine/42', somebody, 200],
    ['/v1/counters/mine/42/inbox', somebody, 200],
    ['/v1/counters/mine/421', somebody, 403],
    ['/v1/counters/mine/42', member, 403],
    ['/v1/counters/mine/42', admin, 200],
    ['/v1/counters/mine', somebody, 403],
    ['/v1/topics?topic=things&topic=team_things', somebody, 403],
    ['/v1/stream?topic=things&topic=team_things', somebody, 403],
    ['/v1/stream?topic=team_things', nobody, 401],
  ];
  for (const [path, who, status] of expected) {
    const answer = await get(path, who);
    t.is(answer.status, status, `${path} ${JSON.stringify(who)}`);
    if (status === 401) t.is(answer.headers.get('www-authenticate'), 'Bearer realm="pgtally"');
    if (status === 403) t.is(answer.json.type, '/problems/forbidden');
  }
});

test('a token may come in a cookie, and the header comes before it', async (t) => {
  const { get } = await httpServer(t);
  const member = await token({ sub: '7', roles: ['team'] });
  const other = await token({ sub: '8' });
  const cookie = (text: string) => ({ cookie: `theme=dark; tally_token=${text}; x=y` });
  const path = '/v1/counters/team_things';
  t.is((await get(path, cookie(member))).status, 200);
  t.is((await get(path, { ...bearer(other), ...cookie(member) })).status, 403);
  t.is((await get(path, { ...bearer(member), ...cookie('nonsense') })).status, 200);
  t.is((await get(path, cookie('nonsense'))).status, 401);
  t.is((await get('/v1/counters/things', cookie(''))).status, 200, 'an emptied one is none');
});

test('a wrong token is a 401 that says what is wrong with it, for public counters too', async (t) => {
  const { get, log } = await httpServer(t);
  const good = await token({ sub: 'a' });
  const [head = '', body = '', signature = ''] = good.split('.');
  const swapped = `${head}.${forged({}, { sub: 'root' }).split('.')[1]}.${signature}`;
  const endless = await rawToken('{"sub":"a","exp":1e400}');
  const wrong: [what: string, text: string, said: RegExp][] = [
    ['expired', await token({ sub: 'a', expiresIn: -60 }), /has expired/],
    ['just expired', await token({ sub: 'a', expiresIn: -1 }), /has expired/],
    ['no exp', await token({ sub: 'a', expiresIn: null }), /has no exp/],
    ['exp as text', await token({ sub: 'a', expiresIn: null, exp: 'soon' }), /exp/],
    ['no sub', await token({}), /has no sub/],
    ['numeric sub', await token({ sub: 42 as never }), /has a claim sub that is no string/],
    ['endless exp', endless, /has a claim exp that is no finite number/],
    ['nbf as text', await token({ sub: 'a', nbf: 'now' as never }), /has a wrong nbf/],
    ['empty sub', await token({ sub: '' }), /has an empty sub/],
    [
      'roles as text',
      await token({ sub: 'a', roles: 'admin' as never }),
      /roles that are no array/,
    ],
    ['roles of numbers', await token({ sub: 'a', roles: [1] as never }), /roles that are not/],
    ['not yet', await token({ sub: 'a', nbf: Date.now() / 1000 + 60 }), /is not valid yet/],
    ['issued later', await token({ sub: 'a', iat: Date.now() / 1000 + 60 }), /in the future/],
    ['another key', await token({ sub: 'a' }, 'another secret that is long enough'), /not signed/],
    ['alg none', forged({ alg: 'none' }, { sub: 'a' }), /is signed another way than with HS256/],
    ['alg HS512', forged({ alg: 'HS512' }, { sub: 'a' }, 'AAAA'), /another way than with HS256/],
    ['alg RS256', forged({ alg: 'RS256' }, { sub: 'a' }, 'AAAA'), /another way than with HS256/],
    ['no alg', forged({}, { sub: 'a' }, 'AAAA'), /is not a JWT/],
    ['crit', forged({ alg: 'HS256', crit: ['x'], x: 1 }, { sub: 'a' }, 'AA'), /crit/],
    ['other claims', swapped, /is not signed with the key/],
    ['cut', good.slice(0, -2), /is not signed with the key|is not a JWT/],
    ['two parts', `${head}.${body}`, /is not a JWT/],
    ['nonsense', 'nonsense', /is not a JWT/],
    ['oversized', await token({ sub: 'a', roles: ['x'.repeat(9000)] }), /is longer than 8192/],
  ];
  for (const [what, text, said] of wrong) {
    for (const path of ['/v1/counters/things', '/v1/stream?topic=things']) {
      const { status, json, headers } = await get(path, bearer(text));
      t.is(status, 401, `${what} ${path}`);
      t.is(json.type, '/problems/unauthenticated');
      t.regex(String(json.detail), said, what);
      t.is(headers.get('www-authenticate'), 'Bearer realm="pgtally", error="invalid_token"');
    }
  }
  for (const authorization of ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', good]) {
    const { status, json } = await get('/v1/counters/things', { authorization });
    t.is(status, 401, authorization);
    t.is(json.detail, 'The Authorization header is not: Bearer TOKEN.');
  }
  t.notRegex(log.join(''), new RegExp(`${SECRET}|${signature}`));
});

test('a clock that is a few seconds off is forgiven, but never for the end of a token', async (t) => {
  const { get } = await httpServer(t);
  const soon = Math.floor(Date.now() / 1000) + 3;
  const early = bearer(await token({ sub: 'a', nbf: soon, iat: soon }));
  t.is((await get('/v1/counters/things', early)).status, 200);
});

test('a token that was right is wrong from its end on, however often it was seen before', async (t) => {
  const { get } = await httpServer(t);
  const short = bearer(await token({ sub: 'a', expiresIn: 4 }));
  t.is((await get('/v1/counters/things', short)).status, 200);
  for (;;) {
    const { status } = await get('/v1/counters/things', short);
    if (status === 401) break;
    t.is(status, 200);
  }
  t.pass();
});

test('without a key no token can be right, and the answer says so', async (t) => {
  const { get } = await httpServer(t, { TALLY_JWT_SECRET: '' });
  t.is((await get('/v1/counters/things')).status, 200);
  const { status, json } = await get('/v1/counters/things', bearer(await token({ sub: 'a' })));
  t.is(status, 401);
  t.regex(String(json.detail), /this server has no key \(TALLY_JWT_SECRET or TALLY_JWKS_URL\)/);
});

for (const alg of ['RS256', 'ES256'] as const) {
  test(`tokens signed with ${alg} are checked with the keys at TALLY_JWKS_URL`, async (t) => {
    const keys = await keySet(t, alg);
    const env = { TALLY_JWT_SECRET: '', TALLY_JWKS_URL: keys.url };
    const { get } = await httpServer(t, env);
    const path = '/v1/counters/team_things';
    t.is((await get(path, bearer(await keys.sign({ sub: 'a', roles: ['team'] })))).status, 200);
    t.is((await get(path, bearer(await keys.sign({ sub: 'a' })))).status, 403);
    // The public key is no secret: signing with it by HS256 must not do.
    const confused = await token({ sub: 'a', roles: ['team'] }, keys.publicKey);
    t.is((await get(path, bearer(confused))).status, 401);
    const other = await (await keySet(t, alg)).sign({ sub: 'a', roles: ['team'] });
    t.is((await get(path, bearer(other))).status, 401);
    t.is((await get(path, bearer(await keys.sign({ sub: 'a', expiresIn: -10 })))).status, 401);
    const unknown = forged({ alg, kid: 'other' }, { sub: 'a' }, 'AAAA');
    const { status, json } = await get(path, bearer(unknown));
    t.is(status, 401);
    t.regex(String(json.detail), /unknown key/);
  });
}

test('keys that cannot be fetched are a 503, not the fault of whoever asks', async (t) => {
  const keys = await keySet(t, 'RS256');
  const signed = bearer(await keys.sign({ sub: 'a' }));
  const nowhere = `http://127.0.0.1:${await freePort()}/keys.json`;
  const broken = createServer((_, response) => {
    response.statusCode = 500;
    response.end('secret words of another server');
  });
  broken.listen(0, '127.0.0.1');
  await new Promise((resolve) => broken.once('listening', resolve));
  t.teardown(() => broken.close());
  const { port } = broken.address() as AddressInfo;
  for (const url of [nowhere, `http://127.0.0.1:${port}/`]) {
    const { get, log } = await httpServer(t, { TALLY_JWT_SECRET: '', TALLY_JWKS_URL: url });
    const { status, json, text } = await get('/v1/counters/things', signed);
    t.is(status, 503);
    t.is(json.type, '/problems/keys-unavailable');
    t.notRegex(text, /secret words|127\.0\.0\.1/);
    t.is((await get('/v1/counters/things')).status, 200, 'who sends none is not concerned');
    t.is((await get('/v1/counters/things', signed)).status, 503);
    const said = log.filter((line) => line.includes('"where":"keys"'));
    t.is(said.length, 1, 'one outage is one warning');
    t.regex(said.join(''), /could not be fetched: .*(?:ECONNREFUSED|200 OK)/);
    t.regex((await get('/metrics')).text, /^pgtally_troubles_total\{where="keys"\} 1$/m);
  }
});
