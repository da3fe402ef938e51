import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { counter, histogram } from '../../../src/telemetry/index.js';

function registerSdk() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.disable();
  metrics.setGlobalMeterProvider(provider);
  return async () => {
    await reader.forceFlush();
    const [exported] = exporter.getMetrics().slice(-1);
    await provider.shutdown();
    return exported?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  };
}

afterEach(() => metrics.disable());

describe('instruments', () => {
  it('do nothing and do not fail without an SDK', () => {
    expect(() => counter('tenstrip.test.calls').add(1)).not.toThrow();
    expect(() => histogram('tenstrip.test.wait', 'ms').record(1, { plugin: 'x' })).not.toThrow();
  });

  it('count with attributes and unit, though made and used before the SDK was registered', async () => {
    const calls = counter('tenstrip.test.calls', '{operation}');
    calls.add(100);
    const collect = registerSdk();
    calls.add(2, { outcome: 'ok' });
    calls.add(3, { outcome: 'ok' });
    calls.add(1, { outcome: 'failed' });
    const [metric] = await collect();
    expect(metric!.descriptor).toMatchObject({ name: 'tenstrip.test.calls', unit: '{operation}' });
    expect(metric!.dataPoints).toMatchObject([
      { attributes: { outcome: 'ok' }, value: 5 },
      { attributes: { outcome: 'failed' }, value: 1 },
    ]);
  });

  it('record distributions', async () => {
    const wait = histogram('tenstrip.test.wait', 'ms');
    const collect = registerSdk();
    for (const value of [1, 2, 30]) wait.record(value);
    const [metric] = await collect();
    expect(metric!.dataPoints[0]!.value).toMatchObject({ count: 3, sum: 33, min: 1, max: 30 });
  });

  it('follow the provider when another one is registered', async () => {
    const calls = counter('tenstrip.test.calls');
    const first = registerSdk();
    calls.add(1);
    expect((await first())[0]!.dataPoints[0]!.value).toBe(1);
    const second = registerSdk();
    calls.add(10);
    expect((await second())[0]!.dataPoints[0]!.value).toBe(10);
  });

  it.each(['calls', 'tenstrip.calls', 'tenstrip.Ledger.calls', 'tenstrip.ledger.', ''])(
    'refuse the name %j',
    (name) => {
      expect(() => counter(name)).toThrow('tenstrip.<strip>.<what>');
      expect(() => histogram(name)).toThrow('tenstrip.<strip>.<what>');
    },
  );
});
