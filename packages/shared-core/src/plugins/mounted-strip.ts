// A strip in a registry: its state, its open service and the calls that use it. The hard part is replacement: new calls
// wait, the calls that are under way end on the old service, it is closed, and only then the new one is opened.
import { problemsOf } from '../config/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type { ResourceGovernor } from '../governor/index.js';
import type { Logger } from '../logging/index.js';
import { counter } from '../telemetry/index.js';
import { type CallScope, MountedPlugin } from './mounted-plugin.js';
import { askedByItself, asPluginFailure, notInTime, pluginUnknown, stripInvalid } from './plugin-error.js';
import type { RunningCall } from './running-call.js';
import { isRunning, runAs } from './running-strip.js';
import type { AnyStrip } from './strip.js';
import { checkedTransition, illegalTransition, type StripState } from './strip-state.js';
import { type TimeLimit, withinTime } from './time-limit.js';
import type { CallOptions, Calls, TypedPlugin } from './typed-calls.js';
import { WaitingCalls } from './waiting-calls.js';

/** A strip that a registry has mounted. Disposing it unmounts it. */
export interface MountedStrip<Plugins extends readonly TypedPlugin[]> extends AsyncDisposable {
  readonly name: string;
  readonly state: StripState;
  /** One function a plugin: `call.recordEvents(input)`. They go on working after a replacement. */
  readonly call: Calls<Plugins>;
  /** The strip's own node: its limits, its statistics. */
  readonly governor: ResourceGovernor;
  /** New calls wait from now on, running ones at their next checkpoint. @throws TenstripError `IllegalTransition` */
  pause(): void;
  /** Lets what waits go on. @throws TenstripError `IllegalTransition` */
  resume(): void;
  /** Refuses new calls, lets the others end (aborts them after 30 s), closes the service. */
  unmount(): Promise<void>;
}

/** A strip whose mount options have been checked. */
export interface Definition {
  readonly strip: AnyStrip;
  readonly options: unknown;
}

/** Checks mount options against the strip's schema. @throws TenstripError `StripInvalid` */
export async function checkedDefinition(strip: AnyStrip, options: unknown): Promise<Definition> {
  const result = await strip.options.safeParseAsync(options);
  if (result.success) return { strip, options: result.data };
  throw stripInvalid(`the options of ${strip.name}`, problemsOf(result.error, options));
}

/** How long a replacement, or an unmount before it aborts, waits for the calls that are under way. */
const drainMs = 30_000;

/** What to do about a strip that takes no calls. */
const wayOut: Partial<Record<StripState, string>> = { loaded: 'wait until it is mounted', paused: 'resume it' };

/** What a strip is mounted in. */
export interface MountSurroundings {
  /** The strip's own. */
  readonly governor: ResourceGovernor;
  readonly logger: Logger;
  readonly nested: CallScope['nested'];
  /** How long `open`, and `close`, may take. */
  readonly serviceDeadlineMs: number;
}

/** One mounted strip, across its replacements. */
export class Mount {
  readonly name: string;
  readonly governor: ResourceGovernor;
  readonly #logger: Logger;
  readonly #scope: CallScope & { service: unknown };
  readonly #waiting: WaitingCalls;
  readonly #serviceDeadlineMs: number;
  #definition: Definition;
  #plugins: ReadonlyMap<string, MountedPlugin>;
  #state: StripState = 'loaded';
  #change: 'none' | 'replacing' | 'closing' = 'none';
  #failure: TenstripError | undefined;
  /** Whether an `open` was given up that may still make a service. */
  #hasLateService = false;
  #underWay = 0;
  #whenIdle: (() => void) | undefined;

  constructor(definition: Definition, { governor, logger, nested, serviceDeadlineMs }: MountSurroundings) {
    this.name = definition.strip.name;
    this.governor = governor;
    this.#logger = logger;
    this.#serviceDeadlineMs = serviceDeadlineMs;
    const calls = counter(`tenstrip.${this.name}.calls`, '{operation}');
    const ended = () => this.#callEnded();
    this.#scope = { strip: this.name, governor, logger, calls, service: undefined, nested, ended };
    this.#waiting = new WaitingCalls(this.name, governor);
    this.#definition = definition;
    this.#plugins = this.#pluginsOf(definition.strip);
  }

  get state(): StripState {
    return this.#state;
  }

  get strip(): AnyStrip {
    return this.#definition.strip;
  }

  /** Whether others may rely on it: its service is open, and it is not being changed. */
  get isReliable(): boolean {
    return (this.#state === 'active' || this.#state === 'paused') && this.#change === 'none';
  }

  get plugins(): readonly MountedPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Opens the service and takes calls. What `open` throws is the error, and the strip is `failed`. */
  async open(): Promise<void> {
    try {
      await this.#openService(this.#definition);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#become('ready');
    this.#become('active');
  }

  /** One call of a plugin; `caller` is the call that it is nested in. */
  call(plugin: string, input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    try {
      return this.#mustWait(caller)
        ? this.#callLater(plugin, input, options, caller)
        : this.#callNow(plugin, input, options, caller);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Tries a plugin's probe as if it were a call: it waits for a replacement to end, and the service stays open until it
   * has ended. A plugin that the replacement lacks has nothing to prove.
   */
  async probe(plugin: string, deadlineMs: number): Promise<void> {
    while (this.#change === 'replacing') await this.#waiting.wait({ deadlineMs });
    if (this.obstacle !== undefined) throw this.obstacle;
    this.#underWay++;
    try {
      await this.#plugins.get(plugin)?.probe(deadlineMs);
    } finally {
      this.#callEnded();
    }
  }

  pause(): void {
    this.#assertUnchanging('pause');
    this.#become('paused');
    this.governor.pause();
  }

  resume(): void {
    this.#assertUnchanging('resume');
    this.#become('active');
    this.governor.resume();
    this.#waiting.release();
  }

  /** @throws TenstripError `IllegalTransition` when it is the strip's own code that wishes to `wish` */
  assertOutside(wish: string): void {
    if (isRunning(this.#scope)) throw askedByItself(this.name, wish);
  }

  /** Puts `next` in this strip's place. If it does not open, the old one is opened again and the error is thrown. */
  async replace(next: Definition): Promise<void> {
    if (this.#state !== 'active') throw illegalTransition(this.name, this.#state, 'be replaced');
    this.#change = 'replacing';
    try {
      if (!(await this.#drained())) throw this.#undrained();
      await this.#closeService().catch((error) => {
        throw this.#failed(error);
      });
      await this.#openInstead(next);
    } finally {
      this.#change = 'none';
      this.#waiting.release();
    }
  }

  /** Drains and closes; the strip is `unloaded` afterwards, even when its service could not be closed. */
  async unmount(): Promise<void> {
    if (this.#state === 'unloaded') throw illegalTransition(this.name, this.#state, 'be unmounted');
    this.#change = 'closing';
    this.#waiting.release();
    try {
      if (this.#state !== 'failed') await this.#endService();
    } finally {
      await this.governor.close(this.#hasLateService ? 0 : undefined);
      this.#change = 'none';
      this.#become('unloaded');
    }
  }

  /** Why the strip takes no calls now, if it does not. */
  get obstacle(): TenstripError<CoreErrorCode> | undefined {
    if (this.#state === 'active' && this.#change !== 'closing') return undefined;
    const state = this.#change === 'closing' ? 'being unmounted' : this.#state;
    const advice = wayOut[this.#state] ?? 'mount it again';
    return new TenstripError('StripUnhealthy', `${this.name} is ${state}; ${advice}`, {
      details: { strip: this.name, state: this.#state },
      cause: this.#failure,
    });
  }

  #pluginsOf(strip: AnyStrip): ReadonlyMap<string, MountedPlugin> {
    return new Map(strip.plugins.map((plugin) => [plugin.name, new MountedPlugin(plugin, this.#scope)]));
  }

  #become(state: StripState): void {
    const from = this.#state;
    this.#state = checkedTransition(this.name, from, state);
    this.#logger.debug({ from, to: state }, 'strip state');
  }

  #failed(error: unknown): TenstripError {
    this.#failure = asPluginFailure(this.name, error);
    this.#become('failed');
    return this.#failure;
  }

  #assertUnchanging(wish: string): void {
    if (this.#change === 'none') return;
    const message = `${this.name} is ${this.#change} and cannot ${wish}; wait for that to end`;
    throw new TenstripError<CoreErrorCode>('IllegalTransition', message, { details: { strip: this.name, wish } });
  }

  #callNow(plugin: string, input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    const target = this.#plugins.get(plugin);
    if (target === undefined) throw pluginUnknown(`plugin of ${this.name}`, plugin, this.#plugins.keys());
    this.#underWay++;
    return target.call(input, options, caller);
  }

  async #callLater(plugin: string, input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    let left = options;
    while (this.#mustWait(caller)) left = await this.#waited(plugin, left, caller);
    return this.#callNow(plugin, input, left, caller);
  }

  #callEnded(): void {
    if (--this.#underWay === 0) this.#whenIdle?.();
  }

  /**
   * Whether a call has to wait. A nested call never waits for a strip that one of its callers is in: that strip is waiting
   * for the caller. Calls of a paused strip wait in the governor's queue, but a nested call is not in that queue.
   */
  #mustWait(caller: RunningCall | undefined): boolean {
    if (caller?.isWithin(this.#scope)) return false;
    if (this.#change === 'replacing') return true;
    if (this.#state === 'paused' && this.#change === 'none') return caller !== undefined;
    if (this.obstacle !== undefined) throw this.obstacle;
    return false;
  }

  /** Waits, and gives what is left of the call's limits. */
  async #waited(
    plugin: string,
    options: CallOptions | undefined,
    caller: RunningCall | undefined,
  ): Promise<CallOptions | undefined> {
    const signal = caller?.signal ?? options?.signal;
    const deadlineMs = options?.deadlineMs ?? this.#plugins.get(plugin)?.plugin.limits?.deadlineMs;
    const started = this.governor.clock.monotonicMs();
    await this.#waiting.wait({ signal, deadlineMs });
    if (deadlineMs === undefined) return options;
    return { ...options, deadlineMs: Math.max(1, deadlineMs - (this.governor.clock.monotonicMs() - started)) };
  }

  async #openService(definition: Definition): Promise<void> {
    const { strip, options } = definition;
    const opening = this.#ownCode(async () => strip.open(options, this.governor));
    const late = () => this.#openedLate(strip, opening);
    try {
      this.#scope.service = await withinTime(this.#serviceTime, opening, late);
    } catch (error) {
      throw asPluginFailure(`opening ${this.name}`, error);
    }
    this.#definition = definition;
    this.#plugins = this.#pluginsOf(strip);
  }

  async #closeService(): Promise<void> {
    const { service } = this.#scope;
    this.#scope.service = undefined;
    const closing = this.#ownCode(async () => this.strip.close?.(service));
    const late = () => notInTime(this.name, 'close', this.#serviceDeadlineMs);
    try {
      await withinTime(this.#serviceTime, closing, late);
    } catch (error) {
      throw asPluginFailure(`closing ${this.name}`, error);
    }
  }

  #ownCode<T>(body: () => Promise<T>): Promise<T> {
    return runAs({ isWithin: (scope) => scope === this.#scope }, body);
  }

  /** How long to wait for `open` and `close`; the drain waits on the same clock. Virtual time must not run ahead of real work only because nothing else waits. */
  get #serviceTime(): TimeLimit {
    const { clock, deterministic } = this.governor;
    return { clock, limitMs: this.#serviceDeadlineMs, keepAlive: !deterministic };
  }

  /** Gives up an `open`. A service that it makes after all is closed at once: nobody will use it. */
  #openedLate(strip: AnyStrip, opening: Promise<unknown>): TenstripError {
    this.#hasLateService = true;
    opening
      .then((service) => strip.close?.(service))
      .catch((error) => this.#logger.warn({ err: error }, 'a service that was given up did not open or close'));
    return notInTime(this.name, 'open', this.#serviceDeadlineMs);
  }

  async #openInstead(next: Definition): Promise<void> {
    const previous = this.#definition;
    try {
      await this.#openService(next);
    } catch (error) {
      if (this.#hasLateService) throw this.#failed(error); // it may still open, and two at once must not be
      this.#logger.warn({ err: error }, 'the replacement did not open: opening the old strip again');
      await this.#openService(previous).catch((again) => {
        throw this.#failed(new AggregateError([error, again], 'neither the replacement nor the old strip opens'));
      });
      throw error;
    }
  }

  async #endService(): Promise<void> {
    if (this.#state === 'paused') this.governor.resume();
    if (!(await this.#drained())) {
      this.#logger.warn({ calls: this.#underWay }, `calls still ran after ${drainMs} ms: aborting them`);
      await this.governor.close(0);
    }
    await this.#closeService();
  }

  /** Whether all calls that are under way have ended within {@link drainMs}. */
  async #drained(): Promise<boolean> {
    if (this.#underWay === 0) return true;
    try {
      return await new Promise<boolean>((resolve) => {
        const { clock, keepAlive } = this.#serviceTime;
        const timer = clock.schedule(drainMs, () => resolve(false), { keepAlive });
        this.#whenIdle = () => {
          timer[Symbol.dispose]();
          resolve(true);
        };
      });
    } finally {
      this.#whenIdle = undefined;
    }
  }

  #undrained(): TenstripError<CoreErrorCode> {
    const message = `${this.name} was not replaced: ${this.#underWay} of its calls still ran after ${drainMs} ms; abort them and try again`;
    const details = { strip: this.name, calls: this.#underWay, drainMs };
    return new TenstripError('DeadlineExceeded', message, { details, retryable: true });
  }
}
