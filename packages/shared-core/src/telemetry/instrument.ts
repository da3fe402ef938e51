// Counters and histograms of OpenTelemetry. Its metrics API, unlike its tracing API, hands out dead instruments before an
// SDK is registered, so an instrument is made on first use and again when the provider changes: about 15 ns a record
// where there is none.
import { type Meter, type MeterProvider, type MetricOptions, metrics } from '@opentelemetry/api';
import { assert } from '../errors/index.js';

/** A sum that only grows. */
export interface Counter {
  /** Counts `value` more; never negative. */
  add(value: number, attributes?: Record<string, string>): void;
}

/** A distribution of values. */
export interface Histogram {
  /** Takes in one value. */
  record(value: number, attributes?: Record<string, string>): void;
}

/**
 * A counter named `tenstrip.<strip>.<what>`.
 *
 * @param unit as OpenTelemetry writes it (UCUM): `{operation}`, `By`, `ms`. Default: none.
 */
export function counter(name: string, unit?: string): Counter {
  const current = instrument(name, unit, (meter, options) => meter.createCounter(name, options));
  return { add: (value, attributes) => current().add(value, attributes) };
}

/**
 * A histogram named `tenstrip.<strip>.<what>`.
 *
 * @param unit as OpenTelemetry writes it (UCUM): `{operation}`, `By`, `ms`. Default: none.
 */
export function histogram(name: string, unit?: string): Histogram {
  const current = instrument(name, unit, (meter, options) => meter.createHistogram(name, options));
  return { record: (value, attributes) => current().record(value, attributes) };
}

/** Makes an instrument at its first use, and again whenever another meter provider is registered. */
function instrument<I>(
  name: string,
  unit: string | undefined,
  create: (meter: Meter, options: MetricOptions) => I,
): () => I {
  assert(/^tenstrip(\.[a-z0-9_-]+){2,}$/.test(name), `a metric is named tenstrip.<strip>.<what>, not ${name}`);
  const options = unit === undefined ? {} : { unit };
  let madeBy: MeterProvider | undefined;
  let made: I;
  return () => {
    const provider = metrics.getMeterProvider();
    if (provider !== madeBy) {
      made = create(provider.getMeter('@tenstrip/shared-core'), options);
      madeBy = provider;
    }
    return made;
  };
}
