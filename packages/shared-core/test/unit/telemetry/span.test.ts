import { type Context, type ContextManager, context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  ParentBasedSampler,
  SamplingDecision,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { TenstripError } from '../../../src/errors/index.js';
import { span } from '../../../src/telemetry/index.js';

/** Joins parent and child for code that runs before the first await: enough here, and without AsyncLocalStorage. */
class SynchronousContext implements ContextManager {
  #current: Context = ROOT_CONTEXT;
  active = () => this.#current;
  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    inner: Context,
    body: F,
    thisArgument?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const outer = this.#current;
    this.#current = inner;
    try {
      return body.apply(thisArgument, args);
    } finally {
      this.#current = outer;
    }
  }
  bind = <T>(_: Context, target: T): T => target;
  enable = () => this;
  disable = () => this;
}

const exporter = new InMemorySpanExporter();
const unsampledRoot = {
  shouldSample: (_context: Context, _id: string, name: string) => ({
    decision: name.endsWith('unsampled') ? SamplingDecision.NOT_RECORD : SamplingDecision.RECORD_AND_SAMPLED,
  }),
};

describe('span without an SDK', () => {
  it('gives back what the body gives, and its rejection', async () => {
    await expect(span('tenstrip.test.work', {}, async () => 7)).resolves.toBe(7);
    await expect(span('tenstrip.test.work', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('rejects when the body throws before its first await', async () => {
    const failing = span('tenstrip.test.work', {}, () => {
      throw new Error('at once');
    });
    await expect(failing).rejects.toThrow('at once');
  });
});

describe('span with an SDK registered later than this module was loaded', () => {
  beforeEach(() => {
    exporter.reset();
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({
        sampler: new ParentBasedSampler({ root: unsampledRoot }),
        spanProcessors: [new SimpleSpanProcessor(exporter)],
      }),
    );
    context.setGlobalContextManager(new SynchronousContext());
  });
  afterAll(() => {
    trace.disable();
    context.disable();
  });

  it('records name and attributes and ends when the body ends', async () => {
    let finishedInside = -1;
    await span('tenstrip.ledger/append', { 'tenstrip.strip': 'ledger', entries: 3 }, async () => {
      await Promise.resolve();
      finishedInside = exporter.getFinishedSpans().length;
    });
    expect(finishedInside).toBe(0);
    expect(exporter.getFinishedSpans()).toMatchObject([
      { name: 'tenstrip.ledger/append', attributes: { 'tenstrip.strip': 'ledger', entries: 3 }, ended: true },
    ]);
  });

  it('is the parent of the spans that its body starts', async () => {
    await span('tenstrip.test.outer', {}, () => span('tenstrip.test.inner', {}, async () => undefined));
    const [inner, outer] = exporter.getFinishedSpans();
    expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
    expect(outer!.parentSpanContext).toBeUndefined();
  });

  it('passes on that a parent was not sampled', async () => {
    await span('tenstrip.test.unsampled', {}, () => span('tenstrip.test.inner', {}, async () => undefined));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it.each([
    [
      'a TenstripError by its code',
      new TenstripError('QueueFull', 'the queue is full'),
      'QueueFull',
      'the queue is full',
    ],
    ['an Error by its name', new RangeError('out of range'), 'RangeError', 'out of range'],
    ['a thrown string', 'just text', 'Error', 'just text'],
  ])('records %s', async (_, thrown, type, message) => {
    await expect(span('tenstrip.test.failing', {}, () => Promise.reject(thrown))).rejects.toBe(thrown);
    const [failed] = exporter.getFinishedSpans();
    expect(failed!.status).toEqual({ code: SpanStatusCode.ERROR, message });
    expect(failed!.attributes).toEqual({ 'error.type': type });
    expect(failed!.events.map((event) => event.name)).toEqual(['exception']);
  });

  it('records a body that throws before its first await', async () => {
    const failing = span('tenstrip.test.failing', {}, () => {
      throw new Error('at once');
    });
    await expect(failing).rejects.toThrow('at once');
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });
});
