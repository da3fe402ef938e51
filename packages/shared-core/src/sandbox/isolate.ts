// A border around a user's module: its functions are called by name, one call at a time, and whatever goes wrong is one
// TenstripError that says which call, which limit, what was attempted. A call that is stopped (deadline, abort, a limit)
// takes the isolate with it, since nothing inside can be believed afterwards; the host opens a new one.
import { performance } from 'node:perf_hooks';
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import type { Governed, OperationContext, Reservation, ResourceGovernor } from '../governor/index.js';
import { CallBudget, type Excess } from './call-budget.js';
import type { Enclosure, EnclosureEvents } from './enclosure.js';
import { type CallWorld, type HostMessage, maxOpenRequests } from './guest/protocol.js';
import { decodeValue, encodeValue, ValueRefused } from './guest/value-codec.js';
import { GuestConsole } from './guest-console.js';
import {
  checkedGuestError,
  endedByItself,
  forGuest,
  malformed,
  messageRefused,
  overBudget,
  overDeadline,
  thrownByGuest,
} from './guest-failure.js';
import { HostHandles } from './host-handles.js';
import { checkedSettings, type IsolateOptions, type IsolatePromise, type IsolateSettings } from './isolate-options.js';
import { startProcess } from './process-enclosure.js';
import { startWorker } from './worker-enclosure.js';

/** What the guest is doing: booting (number 0) or a call. */
interface Doing {
  readonly number: number;
  readonly text: string;
  /** Aborts the host requests that were made for it. */
  readonly requests: AbortController;
  readonly startMs: number;
  fulfil(result: { value: unknown; elapsedMs: number }): void;
  reject(error: unknown): void;
}

/** Bytes by which an answer is longer than what it carries. */
const answerOverheadBytes = 512;
const maxElapsedMs = 1e12;

/** An isolate that is open. Made by {@link Isolate.open}; ends with `await using`, a broken limit, or its module's crash. */
export class Isolate implements AsyncDisposable {
  readonly #governor: ResourceGovernor;
  readonly #settings: IsolateSettings;
  readonly #handles: HostHandles;
  readonly #memory: Reservation;
  readonly #budget: CallBudget;
  readonly #console: GuestConsole;
  #enclosure: Enclosure | undefined;
  #doing: Doing | undefined;
  /** Why it is no longer open. */
  #ended: unknown;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #queued = 0;
  #calls = 0;
  #openRequests = 0;

  private constructor(governor: ResourceGovernor, settings: IsolateSettings) {
    this.#governor = governor;
    this.#settings = settings;
    this.#handles = new HostHandles(governor, settings.grants);
    this.#budget = new CallBudget(settings);
    this.#console = new GuestConsole(governor.logger);
    this.#memory = governor.reserve(settings.heapBytes);
  }

  /**
   * Starts an isolate and loads its module. The heap counts against the governor's `ramBytes` while it is open.
   *
   * @throws TenstripError `IsolateUnsupported` (a promise that this machine does not hold), `CapabilityDenied` (a grant
   * that the governor itself has not), `MemoryLimit`, `IsolateLimit` (boot), `IsolateFailed` (options, or the module threw)
   */
  static async open(governor: ResourceGovernor, options: IsolateOptions): Promise<Isolate> {
    const isolate = new Isolate(governor, checkedSettings(options));
    try {
      await isolate.#boot();
      return isolate;
    } catch (error) {
      await isolate.#end(error);
      throw error;
    }
  }

  /** What the kernel holds for this isolate. All `false` for a worker. */
  get promises(): Readonly<Record<IsolatePromise, boolean>> {
    return this.#enclosure?.promises ?? { 'no-network': false, 'no-signals': false, 'memory-bound': false };
  }

  /**
   * Calls the module's exported function `name(input, context)` and gives what it returns. Input and result are JSON values,
   * `Uint8Array`, `bigint` and `undefined`, in plain objects and arrays. Calls wait for each other in order.
   *
   * The call ends with the operation: its abort or deadline kills the isolate. In a deterministic governor the isolate's
   * time starts at the operation's, its seed is drawn from `context.random`, and the operation's clock moves on by what the
   * call slept. Real time decides one thing only: when a call that does not come back is killed.
   *
   * @throws TenstripError `IsolateFailed`, `IsolateLimit`, `CapabilityDenied`, `Nondeterminism`, `QueueFull`, and what the
   * operation's signal aborts with
   */
  async call(name: string, input: unknown, context?: OperationContext): Promise<unknown> {
    this.#refuseIfEnded();
    if (this.#queued >= this.#settings.maxQueue) throw queueFull(name, this.#settings.maxQueue);
    context?.throwIfStopped();
    const scope: Governed = context ?? this.#governor;
    const signal = context?.signal;
    this.#queued += 1;
    try {
      const outside = () =>
        abortable(
          signal,
          this.#inTurn(() => this.#perform(name, input, scope, signal)),
        );
      const { value, elapsedMs } = await scope.io({}, outside);
      if (elapsedMs > 0) await scope.clock.sleep(elapsedMs);
      return value;
    } finally {
      this.#queued -= 1;
    }
  }

  /** Kills everything inside; a running call rejects. Resolves when it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end(new TenstripError<CoreErrorCode>('IsolateFailed', 'the isolate was disposed of'));
  }

  async #boot(): Promise<void> {
    const { kind, deterministic } = { kind: this.#settings.kind, deterministic: this.#governor.deterministic };
    const booting = this.#begin(
      0,
      `isolate ${this.#settings.module.href.slice(0, 200)}: loading`,
      this.#settings.bootMs,
      'boot',
    );
    // Told before the process is started, so that nothing is missed; a failure is heard by `open` in any case.
    booting.catch(() => undefined);
    const start = kind === 'process' ? startProcess : startWorker;
    const enclosure = await start(this.#settings, this.#events());
    this.#enclosure = enclosure;
    if (this.#ended !== undefined) await enclosure.kill();
    this.#post({
      type: 'boot',
      module: enclosure.moduleUrl,
      deterministic,
      maxMessageBytes: this.#settings.maxMessageBytes,
      capabilities: this.#handles.capabilities,
      environment: this.#handles.environment,
    });
    await booting;
  }

  /** Runs `body` after all that came before; one at a time. */
  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(body);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #perform(name: string, input: unknown, scope: Governed, signal: AbortSignal | undefined) {
    this.#refuseIfEnded();
    signal?.throwIfAborted();
    const number = ++this.#calls;
    const doing = `isolate call ${JSON.stringify(name)}`;
    const world = this.#governor.deterministic ? { world: worldOf(scope, number) } : {};
    const payload = this.#encoded({ type: 'call', call: number, name, input, ...world }, doing);
    const onAbort = () => void this.#end(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const result = this.#begin(number, doing, this.#settings.deadlineMs, 'deadline');
      void this.#enclosure?.send(payload);
      return await result;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** From now on the guest is doing this; resolves with its result. */
  #begin(number: number, text: string, limitMs: number, limit: 'boot' | 'deadline') {
    this.#budget.begin();
    this.#console.begin();
    return new Promise<{ value: unknown; elapsedMs: number }>((fulfil, reject) => {
      // Real time: a guest that loops moves no other clock.
      const timer = setTimeout(() => void this.#end(overDeadline(text, limitMs, limit)), limitMs);
      const requests = new AbortController();
      const over = () => {
        clearTimeout(timer);
        this.#doing = undefined;
        requests.abort(new TenstripError<CoreErrorCode>('OperationAborted', `${text} is over`));
      };
      const settle = <T>(settled: (outcome: T) => void) => {
        return (outcome: T) => {
          over();
          settled(outcome);
        };
      };
      this.#doing = {
        number,
        text,
        requests,
        startMs: performance.now(),
        fulfil: settle(fulfil),
        reject: settle(reject),
      };
    });
  }

  #events(): EnclosureEvents {
    return {
      message: (payload) => this.#received(payload),
      messageRefused: (bytes) => void this.#end(messageRefused(this.#now(), bytes, this.#settings.maxMessageBytes)),
      console: (stream, chunk) => {
        if (this.#ended !== undefined) return;
        const excess = this.#budget.output(chunk.length);
        if (excess !== undefined) return void this.#end(overBudget(this.#now(), excess));
        this.#console.write(stream, chunk);
      },
      ended: (ending) => void this.#end(endedByItself(this.#now(), ending)),
    };
  }

  #received(payload: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const excess = this.#budget.message(payload.length, performance.now());
    if (excess !== undefined) return void this.#end(overBudget(this.#now(), excess));
    try {
      this.#obey(decodeValue(payload));
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      void this.#end(malformed(this.#now(), error.message));
    }
  }

  /** Takes one message whose shape is not known yet. */
  #obey(message: unknown): void {
    if (typeof message !== 'object' || message === null) throw new ValueRefused('a message that is no object');
    const { type, call, value, elapsedMs, error, request, capability, method, args } = message as Record<
      string,
      unknown
    >;
    if (type === 'request') {
      this.#requested(request, capability, method, args);
      return;
    }
    const doing = this.#doing;
    const thrown = type === 'failed' ? checkedGuestError(error) : undefined;
    if (type === 'ready' && doing?.number === 0) doing.fulfil({ value: undefined, elapsedMs: 0 });
    else if (doing === undefined || call !== doing.number) throw new ValueRefused('a message that belongs to no call');
    else if (type === 'result' && doing.number > 0 && isElapsed(elapsedMs)) doing.fulfil({ value, elapsedMs });
    else if (thrown !== undefined) doing.reject(thrownByGuest(doing.text, thrown));
    else throw new ValueRefused('a message of unknown shape');
  }

  #requested(request: unknown, capability: unknown, method: unknown, args: unknown): void {
    const wellFormed =
      typeof request === 'number' &&
      typeof capability === 'string' &&
      typeof method === 'string' &&
      Array.isArray(args);
    if (!wellFormed) throw new ValueRefused('a request of unknown shape');
    if (this.#openRequests >= maxOpenRequests) {
      const excess: Excess = { limit: 'messages', allowed: maxOpenRequests, unit: 'requests at a time' };
      void this.#end(overBudget(this.#now(), excess));
      return;
    }
    void this.#answer(request, capability, method, args);
  }

  async #answer(request: number, capability: string, method: string, args: unknown[]): Promise<void> {
    this.#openRequests += 1;
    try {
      const answer = await this.#carriedOut(request, capability, method, args);
      if (this.#ended === undefined) await this.#enclosure?.send(encodeValue(answer));
    } finally {
      this.#openRequests -= 1;
    }
  }

  async #carriedOut(request: number, capability: string, method: string, args: unknown[]): Promise<HostMessage> {
    const doing = this.#doing;
    const { maxMessageBytes, deadlineMs } = this.#settings;
    try {
      if (doing === undefined) throw new TenstripError<CoreErrorCode>('OperationAborted', 'no call is running');
      const bounds = {
        signal: doing.requests.signal,
        maxBytes: maxMessageBytes - answerOverheadBytes,
        deadlineMs: Math.max(1, deadlineMs - (performance.now() - doing.startMs)),
      };
      const value = await this.#handles.answer(capability, method, args, bounds);
      const answer: HostMessage = { type: 'answer', request, value };
      const bytes = encodeValue(answer).length;
      if (bytes > maxMessageBytes) throw messageRefused(`${capability}.${method}`, bytes, maxMessageBytes);
      return answer;
    } catch (error) {
      return { type: 'refusal', request, error: forGuest(error) };
    }
  }

  #post(message: HostMessage): void {
    void this.#enclosure?.send(encodeValue(message));
  }

  #encoded(message: HostMessage, doing: string): Uint8Array {
    try {
      const payload = encodeValue(message, 'call');
      if (payload.length <= this.#settings.maxMessageBytes) return payload;
      throw messageRefused(doing, payload.length, this.#settings.maxMessageBytes);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      throw new TenstripError<CoreErrorCode>('IsolateFailed', `${doing}: ${error.message}`, { cause: error });
    }
  }

  /** Ends it for this reason; the first reason stays. Resolves when everything inside is gone. */
  async #end(reason: unknown): Promise<void> {
    if (this.#ended === undefined) {
      this.#ended = reason;
      this.#memory[Symbol.dispose]();
      this.#doing?.reject(reason);
    }
    await this.#enclosure?.kill();
  }

  #refuseIfEnded(): void {
    if (this.#ended === undefined) return;
    const why = this.#ended instanceof Error ? this.#ended.message : String(this.#ended);
    throw new TenstripError<CoreErrorCode>(
      'IsolateFailed',
      `the isolate has ended; open a new one. It ended since: ${why}`,
      {
        cause: this.#ended,
        ...(isTenstripError(this.#ended) ? { details: { endedBy: this.#ended.code } } : {}),
      },
    );
  }

  #now(): string {
    return this.#doing?.text ?? 'isolate between calls';
  }
}

/** Rejects as soon as `signal` aborts, also while the call waits for its turn. */
function abortable<T>(signal: AbortSignal | undefined, result: Promise<T>): Promise<T> {
  if (signal === undefined) return result;
  return new Promise((fulfil, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    result.then(fulfil, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function worldOf(scope: Governed, call: number): CallWorld {
  const seed = new Uint8Array(32);
  scope.random.stream('isolate', call).fill(seed);
  return { seed, nowMs: scope.clock.now(), monotonicMs: scope.clock.monotonicMs() };
}

function isElapsed(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxElapsedMs;
}

function queueFull(name: string, maxQueue: number): Error {
  return new TenstripError<CoreErrorCode>(
    'QueueFull',
    `isolate call ${JSON.stringify(name)}: ${maxQueue} calls wait already; wait for some, or raise maxQueue`,
    { details: { name, maxQueue }, retryable: true },
  );
}
