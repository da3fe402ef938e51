// Whether an operation should end, and why: its signals, its deadline, its governor. Nothing is registered for an
// operation that merely runs: it looks by itself. Only one that waits, or whose signal somebody holds, has listeners
// and a timer.
import { addAbortListener, removeAbortListener } from '../determinism/index.js';
import type { TenstripError } from '../errors/index.js';
import type { GovernorNode, Stoppable } from './governor-node.js';
import { deadlineExceeded, operationAborted } from './refusals.js';
import type { Wait } from './wait.js';

/** Why an operation stopped. */
export type StopReason = 'aborted' | 'deadline';

const noSignals: readonly AbortSignal[] = [];

/** Base of an operation: everything about being stopped. */
export abstract class StopWatch implements Stoppable {
  readonly name: string;
  readonly node: GovernorNode;
  /** When it was called, in monotonic milliseconds. */
  readonly calledAtMs: number;
  /** In the clock's monotonic milliseconds; `Infinity` without a deadline. */
  readonly deadlineAtMs: number;
  protected readonly signals: readonly AbortSignal[];
  #parent: StopWatch | undefined;
  #error: TenstripError | undefined;
  #hasEnded = false;
  #waits: Set<Wait> | undefined;
  #controller: AbortController | undefined;
  #onAbort: (() => void) | undefined;
  #deadlineTimer: Disposable | undefined;

  protected constructor(
    name: string,
    node: GovernorNode,
    parent: StopWatch | undefined,
    calledAtMs: number,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.name = name;
    this.node = node;
    this.calledAtMs = calledAtMs;
    this.#parent = parent;
    const inherited = parent === undefined ? noSignals : parent.signals;
    this.signals = signal === undefined ? inherited : [...inherited, signal];
    this.deadlineAtMs = Math.min(calledAtMs + deadlineMs, parent?.deadlineAtMs ?? Number.POSITIVE_INFINITY);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Why it stopped, as far as it has looked. */
  get stopReason(): StopReason | undefined {
    if (this.#error === undefined) return undefined;
    return this.#error.code === 'DeadlineExceeded' ? 'deadline' : 'aborted';
  }

  /** Milliseconds from the call to the deadline. */
  get deadlineMs(): number {
    return Math.round((this.deadlineAtMs - this.calledAtMs) * 1000) / 1000;
  }

  /** Aborts when this operation is stopped; made on first use. */
  protected makeSignal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.look(this.node.tree.clock.monotonicMs()) === undefined && !this.#hasEnded) this.#listen();
      else this.#controller.abort(this.#error);
    }
    return this.#controller.signal;
  }

  /** Looks at the signals, the deadline and the governor; gives why this operation must stop, if it must. */
  look(nowMs: number): StopReason | undefined {
    if (this.#error !== undefined) return this.stopReason;
    const { node } = this;
    if (this.#hasEnded) this.#error = operationAborted(this.name, 'it has ended');
    else if (node.isAborted) this.abort(`governor ${node.name} was closed`);
    else if (this.#parent?.look(nowMs) !== undefined) this.#stopWith(this.#parent.#error!);
    else if (this.#abortedSignal !== undefined) this.abort('its signal was aborted', this.#abortedSignal.reason);
    else if (nowMs >= this.deadlineAtMs) this.#stopWith(deadlineExceeded(this.name, this.deadlineMs));
    return this.#error === undefined ? undefined : this.stopReason; // one load when nothing is wrong
  }

  /** The error of having stopped. */
  get stopError(): TenstripError | undefined {
    return this.#error;
  }

  abort(why: string, cause?: unknown): void {
    if (this.#error === undefined) this.#stopWith(operationAborted(this.name, why, cause));
  }

  /** Lets `wait` fail at once when this operation is stopped. */
  watch(wait: Wait): void {
    if (this.#error !== undefined) {
      wait.cancel(this.#error);
      return;
    }
    this.#waits ??= new Set();
    this.#waits.add(wait);
    this.#listen();
  }

  /** The promise of `wait`, which fails at once when this operation is stopped. */
  waitFor(wait: Wait): Promise<void> {
    const promise = wait.promise();
    this.watch(wait);
    return promise;
  }

  waitEnded(wait: Wait): void {
    this.#waits?.delete(wait);
    if (this.#waits?.size === 0 && this.#controller === undefined) this.#stopListening();
  }

  /** Whoever still waits, in a branch that nobody awaits any more, leaves the queues. */
  protected ended(): void {
    this.#hasEnded = true;
    if (this.#waits !== undefined && this.#waits.size > 0) {
      const error = operationAborted(this.name, 'it has ended');
      for (const wait of [...this.#waits]) wait.cancel(error);
    }
    this.#stopListening();
  }

  protected onStop(_reason: StopReason): void {}

  /** Whether somebody awaits its end: the process stays alive until its deadline then, so that they hear of it. */
  protected abstract get isAwaited(): boolean;

  get #abortedSignal(): AbortSignal | undefined {
    for (const signal of this.signals) if (signal.aborted) return signal;
    return undefined;
  }

  #stopWith(error: TenstripError): void {
    this.#error = error;
    this.onStop(this.stopReason!);
    this.#controller?.abort(error);
    for (const wait of [...(this.#waits ?? [])]) wait.cancel(error);
    this.#stopListening();
  }

  #listen(): void {
    if (this.#onAbort !== undefined) return;
    const { clock } = this.node.tree;
    const look = (): void => {
      this.look(clock.monotonicMs());
    };
    this.#onAbort = look;
    for (const signal of this.signals) addAbortListener(signal, look);
    this.node.stoppables.add(this);
    if (this.deadlineAtMs !== Number.POSITIVE_INFINITY) {
      const delayMs = this.deadlineAtMs - clock.monotonicMs();
      this.#deadlineTimer = clock.schedule(delayMs, look, { keepAlive: this.isAwaited });
    }
  }

  #stopListening(): void {
    if (this.#onAbort === undefined) return;
    for (const signal of this.signals) removeAbortListener(signal, this.#onAbort);
    this.#onAbort = undefined;
    this.node.stoppables.delete(this);
    this.#deadlineTimer?.[Symbol.dispose]();
    this.#deadlineTimer = undefined;
  }
}
