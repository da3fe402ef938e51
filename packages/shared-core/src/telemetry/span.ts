// One OpenTelemetry span around one piece of work. Only the API is used: where no SDK is registered a span costs about
// 50 ns and allocates one object. Parent and child are joined by the context manager that the user's SDK registers.
import { context, INVALID_TRACEID, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { isTenstripError } from '../errors/index.js';

const tracer = trace.getTracer('@tenstrip/shared-core');

/**
 * Runs `body` inside a span and resolves or rejects as it does. A failure is recorded on the span: the exception, status
 * `ERROR`, and `error.type`, which is the code of a `TenstripError` and the class name of any other error.
 *
 * @param name `tenstrip.<strip>/<plugin>` for plugin calls, `tenstrip.<strip>.<what>` for the rest.
 */
export function span<T>(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean>>,
  body: () => Promise<T>,
): Promise<T> {
  const started = tracer.startSpan(name, { attributes });
  try {
    if (isNowhere(started)) return body();
    return recorded(started, context.with(trace.setSpan(context.active(), started), body));
  } catch (error) {
    return recorded(started, Promise.reject(error));
  }
}

/** Whether no SDK made this span. One that was made and not sampled still has to be the parent of what is inside. */
function isNowhere(started: Span): boolean {
  return !started.isRecording() && started.spanContext().traceId === INVALID_TRACEID;
}

async function recorded<T>(started: Span, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    const exception = error instanceof Error ? error : new Error(String(error));
    started.recordException(exception);
    started.setAttribute('error.type', isTenstripError(error) ? error.code : exception.name);
    started.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
    throw error;
  } finally {
    started.end();
  }
}
