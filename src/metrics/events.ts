import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Observation, Observe, PulseState } from '../observation.js';

/** Seconds. Most of what happens here takes between 1 and 100 ms. */
const LATENCY_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.075, 0.1, 0.25, 0.5, 1, 5];
/** How long streams are open. */
const LIFE_S = [1, 10, 60, 300, 900, 3600, 7200];

const PULSE_STATES: readonly PulseState[] = ['asleep', 'awake', 'waiting', 'away'];

type Handlers = {
  [Kind in Observation['kind']]?: (event: Extract<Observation, { kind: Kind }>) => void;
};

/** No label says who: users come and go, and each would stay in memory for ever. */
export function observeEvents(registry: Registry): Observe {
  const make = maker(registry);
  const handlers: Handlers = {
    ...pulseEvents(make),
    ...listenerEvents(make),
    ...streamEvents(make),
    ...readEvents(make),
  };
  return (event) => {
    const handle = handlers[event.kind] as ((event: Observation) => void) | undefined;
    handle?.(event);
  };
}

type Maker = ReturnType<typeof maker>;

function maker(registry: Registry) {
  const registers = [registry];
  return {
    counter: (name: string, help: string, labelNames: string[] = []) =>
      new Counter({ name: `pgtally_${name}`, help, labelNames, registers }),
    gauge: (name: string, help: string, labelNames: string[] = []) =>
      new Gauge({ name: `pgtally_${name}`, help, labelNames, registers }),
    histogram: (name: string, help: string, buckets = LATENCY_S) =>
      new Histogram({ name: `pgtally_${name}`, help, buckets, registers }),
  };
}

function pulseEvents({ counter, gauge, histogram }: Maker): Handlers {
  const took = histogram('pulse_seconds', 'How long a pulse of this server took.');
  const waited = histogram(
    'commit_to_announcement_seconds',
    'How long the oldest change in a pulse of this server may have waited since its commit.',
  );
  const folded = counter('deltas_folded_total', 'Pending changes that this server folded.');
  const announced = counter('changes_announced_total', 'Changes that this server announced.');
  const help = 'What the pulse of this server does: 1 for one of its states.';
  const pulseState = gauge('pulse_state', help, ['state']);
  const workTook = histogram('work_seconds', 'How long a round of work took.');
  const worked = counter('work_pieces_total', 'Pieces of work that were done.', ['kind']);
  return {
    pulse: (event) => {
      took.observe(event.ms / 1000);
      if (event.folded > 0) waited.observe(event.waitedMs / 1000);
      folded.inc(event.folded);
      announced.inc(event.announced);
    },
    'pulse-state': (event) => {
      for (const state of PULSE_STATES) pulseState.set({ state }, state === event.state ? 1 : 0);
    },
    work: (event) => {
      workTook.observe(event.ms / 1000);
      for (const kind of ['filled', 'rebuilt', 'expired', 'jobs'] as const) {
        worked.inc({ kind }, event[kind]);
      }
    },
  };
}

function listenerEvents({ counter, histogram }: Maker): Handlers {
  const heard = counter('announcements_heard_total', 'Pulses that were heard of.');
  const changes = counter('changes_heard_total', 'Changes that were heard of.');
  const flushTook = histogram(
    'announcement_to_flush_seconds',
    'From hearing of a pulse to the last write to a socket.',
  );
  const flushed = counter('streams_flushed_total', 'Streams written to, summed over all pulses.');
  const gaps = counter('listener_gaps_total', 'Times that pulses were missed, and read instead.');
  const missed = counter('listener_missed_pulses_total', 'Pulses that were missed.');
  const forged = counter('announcements_forged_total', 'Times that somebody else announced.');
  const trouble = counter('troubles_total', 'What went wrong and was retried.', ['where']);
  return {
    announcement: (event) => {
      heard.inc();
      changes.inc(event.changes);
    },
    flush: (event) => {
      flushTook.observe(event.ms / 1000);
      flushed.inc(event.sessions);
    },
    gap: (event) => {
      gaps.inc();
      missed.inc(event.pulses);
    },
    forged: () => forged.inc(),
    trouble: ({ where }) => trouble.inc({ where }),
  };
}

function streamEvents({ counter, gauge, histogram }: Maker): Handlers {
  const open = gauge('streams_open', 'Streams that are open.');
  const opened = counter('streams_opened_total', 'Streams that were opened.');
  const closed = counter('streams_closed_total', 'Streams that ended; stalled: cut.', ['reason']);
  const life = histogram('stream_seconds', 'How long streams were open.', LIFE_S);
  const refused = counter('streams_refused_total', 'Streams over a limit.', ['reason']);
  const conflated = counter(
    'frames_conflated_total',
    'Values that slow readers skipped because a newer one was there.',
  );
  return {
    opened: () => {
      opened.inc();
      open.inc();
    },
    closed: (event) => {
      open.dec();
      closed.inc({ reason: event.reason });
      life.observe(event.ms / 1000);
    },
    refused: ({ reason }) => refused.inc({ reason }),
    conflated: ({ frames }) => conflated.inc(frames),
  };
}

function readEvents({ counter, histogram }: Maker): Handlers {
  const took = histogram('read_seconds', 'How long a query for topics took.');
  const topics = counter('read_topics_total', 'Topics that those queries read.');
  const failed = counter('read_failures_total', 'Queries for topics that failed.');
  const buildTook = histogram('build_on_read_seconds', 'How long readers waited for documents.');
  const built = counter('builds_on_read_total', 'Documents built for readers.', ['outcome']);
  return {
    build: (event) => {
      buildTook.observe(event.ms / 1000);
      built.inc({ outcome: event.outcome });
    },
    read: (event) => {
      took.observe(event.ms / 1000);
      topics.inc(event.topics);
    },
    'read-failed': () => failed.inc(),
  };
}
