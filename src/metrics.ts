import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import { observeEvents } from './metrics/events.js';
import { collectSources, type Sources } from './metrics/sources.js';
import type { Observe } from './observation.js';

export type Metrics = {
  /** Feeds what is counted as it happens. */
  readonly observe: Observe;
  /** Adds what is looked up when somebody asks. */
  watch(sources: Sources): void;
  /** In the text form of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** What samples the event loop would wake the process all the time, and see most stalls not at all. */
const NEVER_MS = 2_147_483_647;
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'];

/** A registry of its own: in somebody else's application there may be another. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  // The usual names, process_… and nodejs_…, which dashboards know.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const one of SAMPLED) registry.removeSingleMetric(`nodejs_eventloop_lag_${one}_seconds`);
  countLoopTime(registry);
  return {
    observe: observeEvents(registry),
    watch: (sources) => collectSources(registry, sources),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

/** How much of its time the event loop worked is counted by Node as it goes, and misses nothing. */
function countLoopTime(registry: Registry): void {
  const counter: Counter = new Counter({
    name: 'nodejs_eventloop_active_seconds_total',
    help: 'Seconds in which the event loop was not waiting.',
    registers: [registry],
    collect: () => {
      counter.reset();
      counter.inc(performance.eventLoopUtilization().active / 1000);
    },
  });
}
