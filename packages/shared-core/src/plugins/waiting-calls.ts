// Calls that a strip cannot take now wait here, first come first, at most as many as the governor's `maxQueue`, until they
// are released, aborted or out of time.
import { addAbortListener, removeAbortListener } from '../determinism/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { ResourceGovernor } from '../governor/index.js';

/** How long and under what a call waits. */
export interface WaitLimits {
  readonly signal?: AbortSignal | undefined;
  readonly deadlineMs?: number | undefined;
}

const defaultMaxQueue = 10_000;

/** The waiting calls of one strip. */
export class WaitingCalls {
  readonly #strip: string;
  readonly #governor: ResourceGovernor;
  readonly #waiting = new Set<() => void>();

  constructor(strip: string, governor: ResourceGovernor) {
    this.#strip = strip;
    this.#governor = governor;
  }

  /** Lets all that wait go on. */
  release(): void {
    for (const go of [...this.#waiting]) go();
  }

  /** Resolves at the next release. @throws TenstripError `QueueFull`, `OperationAborted`, `DeadlineExceeded` */
  wait({ signal, deadlineMs }: WaitLimits): Promise<void> {
    const maxQueue = this.#governor.limits.maxQueue ?? defaultMaxQueue;
    if (this.#waiting.size >= maxQueue) return Promise.reject(this.#queueFull(maxQueue));
    if (signal?.aborted) return Promise.reject(this.#aborted(signal));
    return new Promise((resolve, reject) => {
      const leave = (end: () => void) => () => {
        this.#waiting.delete(go);
        if (signal !== undefined) removeAbortListener(signal, abort);
        timer?.[Symbol.dispose]();
        end();
      };
      const go = leave(resolve);
      const abort = leave(() => reject(this.#aborted(signal!)));
      const expire = leave(() => reject(this.#expired(deadlineMs!)));
      const { clock, deterministic } = this.#governor;
      // Virtual time must not run ahead of what the call waits for; real time keeps the process alive for the caller.
      const keepAlive = !deterministic;
      const timer = deadlineMs === undefined ? undefined : clock.schedule(deadlineMs, expire, { keepAlive });
      if (signal !== undefined) addAbortListener(signal, abort);
      this.#waiting.add(go);
    });
  }

  #queueFull(maxQueue: number): TenstripError<CoreErrorCode> {
    const message = `${maxQueue} calls of ${this.#strip} wait already; call again later, or raise maxQueue`;
    return new TenstripError('QueueFull', message, { details: { strip: this.#strip, maxQueue }, retryable: true });
  }

  #aborted(signal: AbortSignal): TenstripError<CoreErrorCode> {
    const message = `a call of ${this.#strip} was aborted while it waited`;
    return new TenstripError('OperationAborted', message, { details: { strip: this.#strip }, cause: signal.reason });
  }

  #expired(deadlineMs: number): TenstripError<CoreErrorCode> {
    const message = `a call of ${this.#strip} waited for all of its ${deadlineMs} ms; call again, or allow more`;
    return new TenstripError('DeadlineExceeded', message, { details: { strip: this.#strip, deadlineMs } });
  }
}
