import { type DestinationStream, type Logger, pino } from 'pino';
import type { Config } from './config.js';
import type { Observation, Observe } from './observation.js';

/** A database that is away fails every read: one line in so long, with how many there were. */
const REPEAT_MS = 5000;

/** Anybody who may connect can make us say it. */
const FORGED_REPEAT_MS = 60_000;

/** JSON, a line each, to stderr: stdout is for what was asked for. */
export function createLog(level: Config['logLevel'], destination?: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/** What is worth a line, and how loud. The metrics have the rest. */
export function logObservations(log: Logger): Observe {
  const readFailed = seldom((message: string, times: number) =>
    log.error({ times }, `reading failed: ${message}`),
  );
  const forged = seldom(
    (message, times) =>
      log.warn(
        { times },
        `somebody else notifies channel tally: ${message}; values are read from the table`,
      ),
    FORGED_REPEAT_MS,
  );
  return (observation: Observation) => {
    switch (observation.kind) {
      case 'listener-state': {
        const { state, reason } = observation;
        log[state === 'listening' ? 'info' : 'warn']({ state }, `listener: ${reason || state}`);
        return;
      }
      case 'gap':
        log.info(`${observation.pulses} pulses were not heard of, and were read from the table`);
        return;
      case 'forged':
        forged(observation.message);
        return;
      case 'trouble':
        log.warn({ where: observation.where }, observation.message);
        return;
      case 'read-failed':
        readFailed(observation.message);
        return;
      case 'pulse-state':
        log.debug({ state: observation.state }, 'pulse');
        return;
      case 'refused':
        log.debug({ reason: observation.reason }, 'a stream was refused');
        return;
      case 'closed':
        if (observation.reason === 'stalled') log.info('a stream was cut: its reader read nothing');
        return;
    }
  };
}

function seldom(
  write: (message: string, times: number) => void,
  repeatMs = REPEAT_MS,
): (message: string) => void {
  let times = 0;
  let writtenAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    times += 1;
    if (performance.now() - writtenAt < repeatMs) return;
    write(message, times);
    times = 0;
    writtenAt = performance.now();
  };
}
