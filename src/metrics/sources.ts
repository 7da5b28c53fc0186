import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { REQUEST_SECONDS, type Traffic } from '../http/traffic.js';
import type { Look } from '../http/vitals.js';
import type { Health, Live } from '../live/live.js';
import type { ListenerState } from '../observation.js';
import { VERSION } from '../version.js';

export type Sources = {
  readonly live: Live;
  readonly traffic: Traffic;
  readonly look: Look;
};

const DURATIONS = 'pgtally_http_request_seconds';

const LISTENER_STATES: readonly ListenerState[] = ['listening', 'polling', 'away'];

/** What stands somewhere already is looked up at the moment of a scrape, and not counted twice. */
export function collectSources(registry: Registry, sources: Sources): void {
  const { live, traffic, look } = sources;
  const gauge = gaugeMaker(registry);
  gauge('info', 'Always 1; which release this is.', ['version'], (set) =>
    set({ version: VERSION }, 1),
  );
  collectDatabase(gauge, live, look);
  collectTraffic(registry, traffic);
}

type Set = (labels: Record<string, string>, value: number) => void;
type Collect = (set: Set) => void | Promise<void>;
type GaugeMaker = (name: string, help: string, labelNames: string[], collect: Collect) => void;

function gaugeMaker(registry: Registry): GaugeMaker {
  return (name, help, labelNames, collect) => {
    const made: Gauge = new Gauge({
      name: `pgtally_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect: async () => {
        made.reset();
        await collect((labels, value) => made.set(labels, value));
      },
    });
  };
}

function collectDatabase(gauge: GaugeMaker, live: Live, look: Look): void {
  const health = (value: (health: Health) => number) => (set: Set) => set({}, value(live.health()));
  gauge(
    'database_up',
    '1 while the database answers.',
    [],
    health((h) => (h.database ? 1 : 0)),
  );
  gauge(
    'pulse_number',
    'The last pulse known here.',
    [],
    health((h) => Math.max(0, h.pulse.last)),
  );
  gauge(
    'pulse_lag_seconds',
    'How long changes have been waiting to be announced.',
    [],
    health((h) => h.pulse.lagMs / 1000),
  );
  gauge('topics_watched', 'Different topics that streams here wait for.', [], (set) => {
    set({}, live.counts().topics);
  });
  gauge('listener_state', 'How changes arrive: 1 for one of the states.', ['state'], (set) => {
    const { listener } = live.health();
    for (const state of LISTENER_STATES) set({ state }, state === listener ? 1 : 0);
  });
  gauge('pool_sessions', 'Database sessions for reading.', ['state'], (set) => {
    const { open, idle, size } = live.pool.stats();
    set({ state: 'idle' }, idle);
    set({ state: 'busy' }, open - idle);
    set({ state: 'not_open' }, size - open);
  });
  gauge('pool_waiting', 'Queries that wait for a session.', [], (set) => {
    set({}, live.pool.stats().waiting);
  });
  gauge('pending_deltas', 'Changes that are not folded yet, in the database.', [], async (set) => {
    const vitals = await look();
    // Left out while the database is away: pgtally_database_up says so.
    if (vitals.isAnswered) set({}, vitals.pending);
  });
}

function collectTraffic(registry: Registry, traffic: Traffic): void {
  const requests: Counter = new Counter({
    name: 'pgtally_http_requests_total',
    help: 'Answers, by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
    collect: () => {
      requests.reset();
      for (const { id, statuses } of traffic.routes) {
        for (const [status, count] of statuses.entries()) {
          if (count > 0) requests.inc({ route: id, status: String(status) }, count);
        }
      }
    },
  });
  const notModified: Counter = new Counter({
    name: 'pgtally_http_not_modified_total',
    help: 'Answers 304: the client had it already.',
    registers: [registry],
    collect: () => {
      notModified.reset();
      notModified.inc(traffic.total(304));
    },
  });
  registry.registerMetric(new Durations(traffic));
}

/** The traffic counts its answers by class itself: `observe` would cost each read as much again. */
class Durations extends Histogram {
  readonly #traffic: Traffic;

  /** Has the name, the help and the type. */
  readonly #form: Histogram;

  constructor(traffic: Traffic) {
    const help = 'How long answers took; a stream until its first frames.';
    const form = { name: DURATIONS, help, registers: [] };
    super(form);
    this.#traffic = traffic;
    this.#form = new Histogram(form);
  }

  override async get() {
    const { seconds, secondsSum } = this.#traffic;
    const form = await this.#form.get();
    let count = 0;
    const buckets = [...seconds].map((inClass, at) => {
      count += inClass;
      const labels = { le: REQUEST_SECONDS[at] ?? '+Inf' };
      return { metricName: `${DURATIONS}_bucket`, exemplar: undefined, labels, value: count };
    });
    const sum = { metricName: `${DURATIONS}_sum`, labels: {}, value: secondsSum };
    const total = { metricName: `${DURATIONS}_count`, labels: {}, value: count };
    return { ...form, values: [...buckets, sum, total] };
  }

  /** What the registry calls, if it is there. */
  getForPromString() {
    return this.get();
  }
}
