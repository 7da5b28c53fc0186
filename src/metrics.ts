import { collectDefaultMetrics, Registry } from 'prom-client';
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

/** Each look at the event loop wakes the process: five times finer would be a fifth of its idle cost. */
const LOOP_LOOK_MS = 1000;

/** A registry of its own: in somebody else's application there may be another. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  // The usual names, process_… and nodejs_…, which dashboards know.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_LOOK_MS });
  return {
    observe: observeEvents(registry),
    watch: (sources) => collectSources(registry, sources),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
