import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ResourceGovernor } from '../../../src/governor/index.js';
import { createLogger } from '../../../src/logging/index.js';
import { definePlugin, defineStrip, PluginRegistry } from '../../../src/plugins/index.js';

const spans = new InMemorySpanExporter();
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
});
beforeEach(() => spans.reset());
afterAll(async () => {
  await reader.shutdown();
  trace.disable();
  metrics.disable();
});

const root = definePlugin({
  name: 'square-root',
  summary: 'Takes the root',
  input: z.number(),
  output: z.number(),
  execute: (value, op) => {
    op.logger.info('rooting');
    if (value < 0) throw new RangeError('negative');
    return Math.sqrt(value);
  },
});
const strip = defineStrip({
  name: 'observed',
  version: 1,
  summary: 'For this test',
  options: z.object({}),
  plugins: [root],
  open: () => undefined,
});

async function observedCalls(level: string) {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  await using registry = new PluginRegistry({
    governor: new ResourceGovernor({ logger: createLogger({ level: 'silent' }) }),
    logger: createLogger({ level, destination }),
  });
  const { call } = await registry.mount(strip, {});
  await call.squareRoot(9);
  await call.squareRoot(-1).catch(() => undefined);
  await call.squareRoot('x' as never).catch(() => undefined);
  return lines;
}

describe('every call', () => {
  it('leaves a line at debug with plugin, outcome and duration, and no input', async () => {
    const lines = (await observedCalls('debug')).filter(({ msg }) => msg === 'plugin call');
    expect(lines).toMatchObject([
      { strip: 'observed', plugin: 'observed/square-root', outcome: 'ok', durationMs: expect.any(Number) },
      { outcome: 'PluginFailed' },
      { outcome: 'PluginInputInvalid' },
    ]);
    expect(Object.keys(lines[0]!).sort()).toEqual(
      ['durationMs', 'hostname', 'level', 'msg', 'outcome', 'pid', 'plugin', 'strip', 'time'].sort(),
    );
  });

  it('leaves no line above debug but what the plugin itself logs, as its strip', async () => {
    expect(await observedCalls('info')).toMatchObject([
      { strip: 'observed', msg: 'rooting' },
      { strip: 'observed', msg: 'rooting' },
    ]);
  });

  it('leaves a log line for every change of state', async () => {
    const changes = (await observedCalls('debug')).filter(({ msg }) => msg === 'strip state');
    expect(changes.map(({ from, to }) => `${from} ${to}`)).toEqual(['loaded ready', 'ready active', 'active unloaded']);
  });

  it('leaves a span with the outcome', async () => {
    await observedCalls('silent');
    const attributes = { 'tenstrip.strip': 'observed', 'tenstrip.plugin': 'square-root' };
    expect(spans.getFinishedSpans()).toMatchObject([
      { name: 'tenstrip.observed/square-root', attributes, status: { code: SpanStatusCode.UNSET } },
      { attributes: { ...attributes, 'error.type': 'PluginFailed' }, status: { code: SpanStatusCode.ERROR } },
      { attributes: { ...attributes, 'error.type': 'PluginInputInvalid' }, status: { code: SpanStatusCode.ERROR } },
    ]);
  });

  it('is counted by plugin and outcome', async () => {
    await reader.forceFlush();
    const counted = () =>
      exporter
        .getMetrics()
        .at(-1)!
        .scopeMetrics.flatMap((scope) => scope.metrics)
        .find(({ descriptor }) => descriptor.name === 'tenstrip.observed.calls')!
        .dataPoints.map(({ attributes, value }) => [attributes.outcome, value]);
    const before = new Map(counted() as [string, number][]);
    await observedCalls('silent');
    await reader.forceFlush();
    expect(new Map(counted() as [string, number][])).toEqual(
      new Map([...before].map(([outcome, count]) => [outcome, count + 1])),
    );
  });
});
