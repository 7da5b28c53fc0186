import { z } from 'zod';
import type { Health } from '../live/live.js';
import { MIGRATE, VERSION } from '../version.js';
import { isOtherRelease, type Vitals } from './vitals.js';

/** Above this somebody should look. Numbers are exact all the same; announcements are late. */
const LAG_MS_MAX = 10_000;

const status = z.enum(['ok', 'warn', 'fail']);
const check = z.object({ status, detail: z.string() });

export const readyAnswer = z
  .object({
    ready: z.boolean(),
    checks: z.object({
      process: check,
      database: check,
      migrations: check,
      listener: check.extend({ state: z.enum(['listening', 'polling', 'away']) }),
      pulse: check.extend({
        state: z.enum(['asleep', 'awake', 'waiting', 'away']).meta({
          description: 'Of this server: waiting is next in line, behind another server.',
        }),
        last: z.int().meta({ description: 'The last pulse that streams here have seen.' }),
        behind: z.int().meta({ description: 'How many pulses the database is ahead of that.' }),
        lagMs: z.int().meta({
          description: 'How long the oldest change may have waited to be announced.',
        }),
      }),
    }),
  })
  .meta({ id: 'Readiness', description: 'Ready unless a check fails.' });

export type Readiness = z.infer<typeof readyAnswer>;
type Check = z.infer<typeof check>;

export type Signs = {
  readonly health: Health;
  readonly vitals: Vitals;
  readonly isStopping: boolean;
};

/** Polling is ready, and late pulses too: whatever is read is exact. Both are said. */
export function readinessOf({ health, vitals, isStopping }: Signs): Readiness {
  const { listener: state, listenerReason } = health;
  const checks = {
    process: isStopping ? fail('is stopping') : ok('serves'),
    database: database(vitals, health),
    migrations: migrations(vitals, health),
    listener: { ...listener(health), state },
    pulse: pulse(health, vitals),
  };
  if (state !== 'listening') checks.listener.detail = listenerReason || checks.listener.detail;
  const ready = Object.values(checks).every((one) => one.status !== 'fail');
  return { ready, checks };
}

function database(vitals: Vitals, { misfit }: Health): Check {
  if (!vitals.isAnswered && !vitals.isUnfit) return fail(vitals.fault);
  if (misfit === 'read-only') return fail('is read-only: reads are exact, nothing is announced');
  return ok('answers');
}

function migrations(vitals: Vitals, { misfit }: Health): Check {
  if (!vitals.isAnswered) return vitals.isUnfit ? fail(vitals.fault) : warn('not known');
  if (isOtherRelease(vitals)) {
    return warn(`the engine is of release ${vitals.version}, this server of ${VERSION}`);
  }
  if (misfit === 'engine') return fail(`the engine does not fit this server: ${MIGRATE}`);
  return ok(`the engine is of release ${vitals.version}`);
}

function listener({ listener: state }: Health): Check {
  switch (state) {
    case 'listening':
      return ok('hears each pulse');
    case 'polling':
      return warn('looks for pulses in the table');
    case 'away':
      return warn('is not connected');
  }
}

function pulse(health: Health, vitals: Vitals): Readiness['checks']['pulse'] {
  const { state, lagMs } = health.pulse;
  const last = Math.max(0, health.pulse.last);
  const behind = vitals.isAnswered ? Math.max(0, vitals.pulse - last) : 0;
  return { ...pace(vitals, lagMs), state, last, behind, lagMs };
}

function pace({ isAnswered }: Vitals, lagMs: number): Check {
  if (!isAnswered) return warn('not known');
  return lagMs > LAG_MS_MAX ? warn('changes are announced late') : ok('changes are announced');
}

function ok(detail: string): Check {
  return { status: 'ok', detail };
}

function warn(detail: string): Check {
  return { status: 'warn', detail };
}

function fail(detail: string): Check {
  return { status: 'fail', detail };
}
