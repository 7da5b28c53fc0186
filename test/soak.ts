import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '../src/embedded.js';
import { onDatabase } from './helpers/database.js';
import { claimFolder } from './helpers/folder.js';
import { freePort } from './helpers/ports.js';
import { prepareTemplate } from './helpers/template.js';
import { soakLiveFaults } from './soak/live-faults.js';
import { soakOutages } from './soak/outages.js';
import { runConcurrently } from './sql/engine/oracle/concurrent.js';
import { describe } from './sql/engine/oracle/figures.js';
import {
  cloneDatabase,
  dropWriter,
  installFixture,
  writerOf,
} from './sql/engine/oracle/fixture.js';

/**
 * What takes too long for `make test`; named as arguments, only those:
 * oracle: TALLY_STATEMENTS (10 000) random statements by eight sessions, three times from
 * TALLY_SEED on, on the server of TALLY_TEST_URL or an embedded one of its own.
 * live: TALLY_RUNS (1 000) runs of random faults against the whole server, from TALLY_SEED on, in
 * TALLY_LANES (2) processes with a PostgreSQL each.
 * outage: PostgreSQL away for a minute, and a reader that reads nothing for longer than it may.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PORT = 5469;
const RUNS = 3;

const PARTS = ['oracle', 'live', 'outage'] as const;

const { TALLY_STATEMENTS, TALLY_SEED, TALLY_TEST_URL, TALLY_RUNS, TALLY_LANES } = process.env;
const statements = numberOf('TALLY_STATEMENTS', TALLY_STATEMENTS, 10_000);
const firstSeed = numberOf('TALLY_SEED', TALLY_SEED, 1);

const runs = numberOf('TALLY_RUNS', TALLY_RUNS, 1000);
const lanes = numberOf('TALLY_LANES', TALLY_LANES, 2);

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error('error:', error);
  return 1;
});

async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.find((part) => !PARTS.some((known) => known === part));
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${PARTS.join(', ')}`);
  const isAsked = (part: (typeof PARTS)[number]) => asked.length === 0 || asked.includes(part);
  let code = 0;
  if (isAsked('oracle')) code = Math.max(code, await oracle());
  if (isAsked('live')) {
    console.log(`live faults: ${runs} runs from seed ${firstSeed} on, ${lanes} at once`);
    const unsound = await soakLiveFaults({ runs, firstSeed, lanes, print: console.log });
    console.log(unsound === 0 ? 'all of them sound' : `${unsound} of them not sound`);
    code = Math.max(code, unsound === 0 ? 0 : 1);
  }
  if (isAsked('outage')) {
    console.log('long outages');
    code = Math.max(code, (await soakOutages(console.log)) === 0 ? 0 : 1);
  }
  return code;
}

async function oracle(): Promise<number> {
  const server = await startServer();
  try {
    const { template, holder } = await prepareTemplate(server.url, join(ROOT, 'sql'));
    const prepared = await holder.query<{ max: number; version: string }>(
      `select current_setting('max_prepared_transactions')::int as max,
              current_setting('server_version') as version`,
    );
    const { max = 0, version = '' } = prepared.rows[0] ?? {};
    let differences = 0;
    for (let run = 0; run < RUNS; run += 1) {
      // Every other run with PREPARE TRANSACTION, where the server has it.
      const twoPhase = run % 2 === 1 && max > 0;
      console.log(`PostgreSQL ${version}, seed ${firstSeed + run}${twoPhase ? ', two-phase' : ''}`);
      differences += await soak(server.url, template, firstSeed + run, twoPhase);
    }
    await holder.end();
    console.log(differences === 0 ? 'no difference' : `${differences} differences or faults`);
    return differences === 0 ? 0 : 1;
  } finally {
    await server.stop();
  }
}

async function soak(server: string, template: string, seed: number, twoPhase: boolean) {
  const name = `soak_${process.pid}_${seed}`;
  const writer = writerOf(name);
  const database = await cloneDatabase(server, name, template);
  try {
    await installFixture(database.url, writer);
    const started = performance.now();
    const figures = await runConcurrently({
      url: database.url,
      writer,
      seed,
      statements,
      twoPhase,
    });
    const seconds = (performance.now() - started) / 1000;
    console.log(`  ${describe(figures)}`);
    console.log(
      `  ${seconds.toFixed(1)} s, ${Math.round(figures.statements / seconds)} statements/s`,
    );
    for (const fault of figures.faults.slice(0, 20)) console.log(`  ${fault}`);
    return figures.faults.length;
  } finally {
    await database.drop();
    await dropWriter(server, writer);
  }
}

async function startServer(): Promise<{ url: string; stop(): Promise<unknown> }> {
  if (TALLY_TEST_URL !== undefined && TALLY_TEST_URL !== '') {
    return { url: TALLY_TEST_URL, stop: () => Promise.resolve() };
  }
  const claim = claimFolder(join(ROOT, '.data'), 'soak');
  const embedded = await startEmbedded({
    dataDir: claim.folder,
    port: await freePort(PORT),
    settings: { fsync: 'off', max_connections: '100', max_prepared_transactions: '20' },
  });
  return {
    url: onDatabase(embedded.url, 'postgres'),
    stop: async () => {
      await embedded.stop();
      claim.release();
    },
  };
}

function numberOf(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined || given === '') return otherwise;
  if (/^\d{1,9}$/.test(given)) return Number(given);
  throw new Error(`${name} is ${JSON.stringify(given)}: give a whole number`);
}
