// Mounts strips, finds their plugins by path, and takes them down again. What is asked of one strip happens one at a time,
// in the order asked for; different strips do not wait for each other, unless one requires the other. Calls go on meanwhile.
import pLimit, { type LimitFunction } from 'p-limit';
import type { z } from 'zod';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { type GovernorLimits, type ResourceGovernor, ungoverned } from '../governor/index.js';
import type { Logger } from '../logging/index.js';
import { checkStrip } from './definition.js';
import { describeMounts, type RegistryDescription } from './description.js';
import { type Health, healthOf } from './health.js';
import { checkedDefinition, Mount, type MountedStrip } from './mounted-strip.js';
import type { PluginList } from './plugin.js';
import { pluginUnknown } from './plugin-error.js';
import { checkDependents, checkRequirements } from './requirements.js';
import type { RunningCall } from './running-call.js';
import type { AnyStrip, Strip } from './strip.js';
import { type CallOptions, type TypedPlugin, typedCalls } from './typed-calls.js';

/** What a {@link PluginRegistry} is made with. */
export interface RegistryOptions {
  /** The parent of every strip's node. Default: `ungoverned`. */
  governor?: ResourceGovernor;
  /** Parent of every strip's logger. Default: the governor's. */
  logger?: Logger;
  /** How long a strip's `open`, and its `close`, may take, in milliseconds of the governor's clock. Default 30,000. */
  serviceDeadlineMs?: number;
}

const defaultServiceDeadlineMs = 30_000;

/** The strips of a service, mounted under one governor. */
export class PluginRegistry implements AsyncDisposable {
  readonly #governor: ResourceGovernor;
  readonly #logger: Logger;
  readonly #mounts = new Map<string, Mount>();
  readonly #serviceDeadlineMs: number;
  /** Names that are mounted or going to be, each with what tells its mount from another; the others are free. */
  readonly #reserved = new Map<string, symbol>();
  /** What is asked of each name happens in turn; only names of which something is asked now are here. */
  readonly #turns = new Map<string, LimitFunction>();
  #isDisposed = false;

  constructor(options: RegistryOptions = {}) {
    this.#governor = options.governor ?? ungoverned;
    this.#logger = options.logger ?? this.#governor.logger;
    this.#serviceDeadlineMs = checkedDeadline(options.serviceDeadlineMs ?? defaultServiceDeadlineMs);
  }

  /**
   * Checks `strip`, opens its service under a governor of its own, and takes calls from then on. Strips open side by side;
   * one that requires another waits for it. `open` may mount other strips, but none that requires its own.
   *
   * @throws TenstripError `StripInvalid` (definition or options), `StripDuplicate` (at once, also while that one opens),
   * `StripRequirementUnmet`, `CapabilityDenied`, `GovernorLimitsInvalid`, `StripUnhealthy` when `open` takes longer than
   * {@link RegistryOptions.serviceDeadlineMs}, and what `open` throws (`PluginFailed` if that is no `TenstripError`).
   * Nothing stays mounted then; a service that opens too late is closed.
   */
  async mount<O extends z.ZodType, S, const P extends PluginList<S>>(
    strip: Strip<O, S, P>,
    options: z.input<O>,
    limits?: GovernorLimits,
  ): Promise<MountedStrip<P>> {
    this.#assertOpen();
    checkStrip(strip);
    const { name } = strip;
    if (this.#reserved.has(name)) throw duplicate(name);
    for (const required of Object.keys(strip.requiresStrips ?? {})) this.#assertOpenable(required, name);
    const reservation = Symbol(name);
    this.#reserved.set(name, reservation);
    const others = this.#turnsOfRequired(strip as unknown as AnyStrip);
    return await this.#inTurn(name, async () => {
      try {
        await others;
        const mount = await this.#opened(strip as unknown as AnyStrip, options, limits);
        return this.#handle(mount, strip.plugins);
      } catch (error) {
        if (this.#reserved.get(name) === reservation) this.#reserved.delete(name);
        throw error;
      }
    });
  }

  /**
   * Puts `strip` in the place of the mounted strip of that name: new calls wait, those under way end, the old service is
   * closed, the new one is opened, the calls go on with it. If it does not open, the old strip is opened again and the
   * error is thrown. Never are two services open at once. Handles of the old strip go on working, as long as its plugins
   * exist in the new one; limits stay.
   *
   * @throws TenstripError as {@link mount}; `PluginUnknown` when nothing of that name is mounted; `IllegalTransition`
   * unless it is `active`, and for code of the strip itself; `DeadlineExceeded` when its calls do not end within 30 s.
   * A strip whose old service did not close or whose new one did not open in time is `failed`.
   */
  async replace<O extends z.ZodType, S, const P extends PluginList<S>>(
    strip: Strip<O, S, P>,
    options: z.input<O>,
  ): Promise<MountedStrip<P>> {
    this.#assertOpen();
    checkStrip(strip);
    this.#mounts.get(strip.name)?.assertOutside('be replaced');
    const others = this.#turnsOfRequired(strip as unknown as AnyStrip);
    return await this.#inTurn(strip.name, async () => {
      await others;
      const definition = await checkedDefinition(strip as unknown as AnyStrip, options);
      this.#assertOpen();
      const mount = this.#mounted(strip.name);
      this.#checkSurroundings(definition.strip);
      checkDependents(strip.name, strip.version, this.#strips());
      await mount.replace(definition);
      return this.#handle(mount, strip.plugins);
    });
  }

  /**
   * Calls `<strip>/<plugin>` by name, for tools; {@link MountedStrip.call} is the typed way.
   *
   * @throws TenstripError `PluginUnknown`, `PluginInputInvalid`, `PluginOutputInvalid`, `PluginFailed`, the plugin's own
   * errors and the governor's.
   */
  execute(path: `${string}/${string}`, input: unknown, options?: CallOptions): Promise<unknown> {
    return this.#execute(path, input, options);
  }

  /** Everything that is mounted, with JSON Schemas, in the order of mounting. */
  describe(): RegistryDescription {
    return describeMounts(this.#mounts.values());
  }

  /** The health of every strip by its name. Never rejects. */
  async health(): Promise<Record<string, Health>> {
    const mounts = [...this.#mounts.values()];
    const health = await Promise.all(mounts.map(healthOf));
    return Object.fromEntries(mounts.map(({ name }, index) => [name, health[index]!]));
  }

  /**
   * Takes a strip down: refuses new calls, lets the others end (aborts them after 30 s), closes the service.
   *
   * @throws TenstripError `PluginUnknown`, `StripRequirementUnmet` while a mounted strip requires it, `IllegalTransition`
   * for code of the strip itself, `StripUnhealthy` when `close` takes longer than {@link RegistryOptions.serviceDeadlineMs},
   * and what `close` throws (`PluginFailed` if that is no `TenstripError`); the strip is gone then nevertheless.
   */
  async unmount(name: string): Promise<void> {
    this.#mounts.get(name)?.assertOutside('be unmounted');
    await this.#takenDown(name, () => this.#mounted(name));
  }

  /**
   * Unmounts everything, last mounted first but no strip before those that require it, and mounts nothing any more.
   * What `close` throws is thrown at the end; several as one `AggregateError`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const mount of this.#mounts.values()) mount.assertOutside('dispose its registry');
    this.#isDisposed = true;
    const errors: unknown[] = [];
    await Promise.all([...this.#turns.keys()].map((name) => this.#inTurn(name, async () => undefined)));
    for (let mount = this.#lastUnrequired(); mount !== undefined; mount = this.#lastUnrequired()) {
      const last = mount;
      await this.#inTurn(last.name, () => this.#removeOnce(last)).catch((error) => errors.push(error));
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} strips could not be closed`);
  }

  #execute(path: string, input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    if (typeof path !== 'string') return Promise.reject(pluginUnknown('plugin', path, this.#paths()));
    const slash = path.indexOf('/');
    const mount = this.#mounts.get(path.slice(0, Math.max(0, slash)));
    if (mount !== undefined) return mount.call(path.slice(slash + 1), input, options, caller);
    return Promise.reject(pluginUnknown('plugin', path, this.#paths()));
  }

  /** Mounts a strip whose name is reserved. From the check of its requirements on, they cannot go away. */
  async #opened(strip: AnyStrip, options: unknown, limits: GovernorLimits | undefined): Promise<Mount> {
    const definition = await checkedDefinition(strip, options);
    this.#assertOpen();
    if (this.#mounts.has(strip.name)) throw duplicate(strip.name);
    this.#checkSurroundings(strip);
    const mount = new Mount(definition, {
      governor: this.#governor.child(strip.name, limits),
      logger: this.#logger.child({ strip: strip.name }),
      nested: (path, input, caller) => this.#execute(path, input, undefined, caller),
      serviceDeadlineMs: this.#serviceDeadlineMs,
    });
    this.#mounts.set(mount.name, mount);
    try {
      await mount.open();
    } catch (error) {
      await this.#remove(mount);
      throw error;
    }
    // What its `open` mounted is older than it: it goes later.
    this.#mounts.delete(mount.name);
    this.#mounts.set(mount.name, mount);
    return mount;
  }

  /** @throws TenstripError `IllegalTransition` when the `open` of `required` mounts what would wait for that very `open` */
  #assertOpenable(required: string, by: string): void {
    const mount = this.#mounts.get(required);
    if (mount?.state === 'loaded') mount.assertOutside(`be waited for by ${by}`);
  }

  #checkSurroundings(strip: AnyStrip): void {
    const reliable = [...this.#mounts.values()].filter((mount) => mount.isReliable);
    const versions = new Map(reliable.map((mount) => [mount.name, mount.strip.version]));
    checkRequirements(strip, versions, this.#governor);
  }

  /** Does `work` after everything that was asked of `name` before. */
  async #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#turns.get(name) ?? pLimit(1);
    this.#turns.set(name, turn);
    try {
      return await turn(work);
    } finally {
      if (turn.activeCount + turn.pendingCount === 0) this.#turns.delete(name);
    }
  }

  /** Resolves when everything is done that was asked until now of the strips that `strip` requires. */
  async #turnsOfRequired({ name, requiresStrips = {} }: AnyStrip): Promise<void> {
    const busy = Object.keys(requiresStrips).filter((required) => required !== name && this.#turns.has(required));
    await Promise.all(busy.map((required) => this.#inTurn(required, async () => undefined)));
  }

  #handle<const P extends readonly TypedPlugin[]>(mount: Mount, plugins: P): MountedStrip<P> {
    const unmount = async () => {
      mount.assertOutside('be unmounted');
      await this.#takenDown(mount.name, () => mount);
    };
    return {
      name: mount.name,
      governor: mount.governor,
      call: typedCalls(plugins, (plugin, input, options) => mount.call(plugin, input, options)),
      get state() {
        return mount.state;
      },
      pause: () => mount.pause(),
      resume: () => mount.resume(),
      unmount,
      [Symbol.asyncDispose]: async () => {
        if (mount.state !== 'unloaded') await unmount();
      },
    };
  }

  /** Unmounts what `chosen` gives in its turn. Its name is free for a mount that is asked for from now on. */
  async #takenDown(name: string, chosen: () => Mount): Promise<void> {
    const reservation = this.#reserved.get(name);
    this.#reserved.delete(name);
    await this.#inTurn(name, async () => {
      try {
        const mount = chosen();
        if (this.#isMounted(mount)) checkDependents(name, undefined, this.#strips());
        await this.#remove(mount);
      } finally {
        const isStillThere = this.#mounts.has(name) && !this.#reserved.has(name);
        if (isStillThere && reservation !== undefined) this.#reserved.set(name, reservation);
      }
    });
  }

  async #remove(mount: Mount): Promise<void> {
    try {
      await mount.unmount();
    } finally {
      if (this.#isMounted(mount)) this.#mounts.delete(mount.name);
    }
  }

  async #removeOnce(mount: Mount): Promise<void> {
    if (this.#isMounted(mount)) await this.#remove(mount);
  }

  #isMounted(mount: Mount): boolean {
    return this.#mounts.get(mount.name) === mount;
  }

  #mounted(name: string): Mount {
    const mount = this.#mounts.get(name);
    if (mount === undefined) throw pluginUnknown('strip', name, this.#mounts.keys());
    return mount;
  }

  #lastUnrequired(): Mount | undefined {
    const mounts = [...this.#mounts.values()];
    const required = new Set(this.#strips().flatMap(({ requiresStrips = {} }) => Object.keys(requiresStrips)));
    return mounts.findLast(({ name }) => !required.has(name)) ?? mounts.at(-1);
  }

  #strips(): AnyStrip[] {
    return [...this.#mounts.values()].map(({ strip }) => strip);
  }

  #paths(): string[] {
    return [...this.#mounts.values()].flatMap(({ plugins }) => plugins.map(({ path }) => path));
  }

  #assertOpen(): void {
    if (!this.#isDisposed) return;
    throw new TenstripError<CoreErrorCode>('IllegalTransition', 'the registry is disposed; make a new one');
  }
}

function checkedDeadline(deadlineMs: number): number {
  if (Number.isFinite(deadlineMs) && deadlineMs > 0) return deadlineMs;
  throw new RangeError(`serviceDeadlineMs is ${String(deadlineMs)}; give a number of milliseconds above 0`);
}

function duplicate(name: string): TenstripError<CoreErrorCode> {
  const message = `a strip named ${name} is mounted already; unmount or replace it`;
  return new TenstripError('StripDuplicate', message, { details: { strip: name } });
}
