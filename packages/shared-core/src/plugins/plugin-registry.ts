// Mounts strips, finds their plugins by path, and takes them down again. Mounting, replacing and unmounting happen one at
// a time, in the order asked for, so that two replacements can never wait for each other; calls go on meanwhile.
import pLimit from 'p-limit';
import type { z } from 'zod';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import { type GovernorLimits, type ResourceGovernor, ungoverned } from '../governor/index.js';
import type { Logger } from '../logging/index.js';
import { describeMounts, type RegistryDescription } from './description.js';
import { type Health, healthOf } from './health.js';
import { checkedDefinition, Mount, type MountedStrip } from './mounted-strip.js';
import type { PluginList } from './plugin.js';
import { pluginUnknown } from './plugin-error.js';
import { checkDependents, checkRequirements } from './requirements.js';
import type { RunningCall } from './running-call.js';
import { type AnyStrip, checkStrip, type Strip } from './strip.js';
import { type CallOptions, type TypedPlugin, typedCalls } from './typed-calls.js';

/** What a {@link PluginRegistry} is made with. */
export interface RegistryOptions {
  /** The parent of every strip's node. Default: `ungoverned`. */
  governor?: ResourceGovernor;
  /** Parent of every strip's logger. Default: the governor's. */
  logger?: Logger;
}

/** The strips of a service, mounted under one governor. */
export class PluginRegistry implements AsyncDisposable {
  readonly #governor: ResourceGovernor;
  readonly #logger: Logger;
  readonly #mounts = new Map<string, Mount>();
  readonly #oneAtATime = pLimit(1);
  #isDisposed = false;

  constructor(options: RegistryOptions = {}) {
    this.#governor = options.governor ?? ungoverned;
    this.#logger = options.logger ?? this.#governor.logger;
  }

  /**
   * Checks `strip`, opens its service under a governor of its own, and takes calls from then on.
   *
   * @throws TenstripError `StripInvalid` (definition or options), `StripDuplicate`, `StripRequirementUnmet`,
   * `CapabilityDenied`, `GovernorLimitsInvalid`, and what `open` throws (`PluginFailed` if that is no `TenstripError`).
   * Nothing stays mounted then.
   */
  mount<O extends z.ZodType, S, const P extends PluginList<S>>(
    strip: Strip<O, S, P>,
    options: z.input<O>,
    limits?: GovernorLimits,
  ): Promise<MountedStrip<P>> {
    return this.#oneAtATime(async () => {
      this.#assertOpen();
      const definition = await this.#checked(strip as unknown as AnyStrip, options);
      if (this.#mounts.has(strip.name)) throw duplicate(strip.name);
      const governor = this.#governor.child(strip.name, limits);
      const logger = this.#logger.child({ strip: strip.name });
      const mount = new Mount(definition, governor, logger, (path, input, caller) =>
        this.#execute(path, input, undefined, caller),
      );
      this.#mounts.set(mount.name, mount);
      try {
        await mount.open();
      } catch (error) {
        await this.#remove(mount);
        throw error;
      }
      return this.#handle(mount, strip.plugins);
    });
  }

  /**
   * Puts `strip` in the place of the mounted strip of that name: new calls wait, those under way end, the old service is
   * closed, the new one is opened, the calls go on with it. If it does not open, the old strip is opened again and the
   * error is thrown. Never are two services open at once. Handles of the old strip go on working, as long as its plugins
   * exist in the new one; limits stay.
   *
   * @throws TenstripError as {@link mount}; `PluginUnknown` when nothing of that name is mounted; `IllegalTransition`
   * unless it is `active`; `DeadlineExceeded` when its calls do not end within 30 s.
   */
  replace<O extends z.ZodType, S, const P extends PluginList<S>>(
    strip: Strip<O, S, P>,
    options: z.input<O>,
  ): Promise<MountedStrip<P>> {
    return this.#oneAtATime(async () => {
      this.#assertOpen();
      const definition = await this.#checked(strip as unknown as AnyStrip, options);
      const mount = this.#mounted(strip.name);
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
   * @throws TenstripError `PluginUnknown`, `StripRequirementUnmet` while a mounted strip requires it, and what `close`
   * throws (`PluginFailed` if that is no `TenstripError`); the strip is gone then nevertheless.
   */
  unmount(name: string): Promise<void> {
    return this.#oneAtATime(() => this.#unmount(this.#mounted(name)));
  }

  /**
   * Unmounts everything, last mounted first but no strip before those that require it, and mounts nothing any more.
   * What `close` throws is thrown at the end; several as one `AggregateError`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const errors: unknown[] = [];
    await this.#oneAtATime(async () => {
      for (let mount = this.#lastUnrequired(); mount !== undefined; mount = this.#lastUnrequired()) {
        await this.#remove(mount).catch((error) => errors.push(error));
      }
    });
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} strips could not be closed`);
  }

  #execute(path: string, input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    const slash = path.indexOf('/');
    const mount = this.#mounts.get(path.slice(0, Math.max(0, slash)));
    if (mount !== undefined) return mount.call(path.slice(slash + 1), input, options, caller);
    return Promise.reject(pluginUnknown('plugin', path, this.#paths()));
  }

  async #checked(strip: AnyStrip, options: unknown) {
    checkStrip(strip);
    const versions = new Map([...this.#mounts.values()].map((mount) => [mount.name, mount.strip.version]));
    checkRequirements(strip, versions, this.#governor);
    return await checkedDefinition(strip, options);
  }

  #handle<const P extends readonly TypedPlugin[]>(mount: Mount, plugins: P): MountedStrip<P> {
    const unmount = () => this.#oneAtATime(() => this.#unmount(mount));
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

  async #unmount(mount: Mount): Promise<void> {
    if (this.#mounts.get(mount.name) === mount) checkDependents(mount.name, undefined, this.#strips());
    await this.#remove(mount);
  }

  async #remove(mount: Mount): Promise<void> {
    try {
      await mount.unmount();
    } finally {
      if (this.#mounts.get(mount.name) === mount) this.#mounts.delete(mount.name);
    }
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

function duplicate(name: string): TenstripError<CoreErrorCode> {
  const message = `a strip named ${name} is mounted already; unmount or replace it`;
  return new TenstripError('StripDuplicate', message, { details: { strip: name } });
}
