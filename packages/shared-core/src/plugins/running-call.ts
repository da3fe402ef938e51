// What a plugin sees while it executes: its operation, and its strip around it. One small object a call that hands on to
// the operation; cheaper than copying members or a prototype chain made anew for each call.
import { type Capability, type CapabilityHandles, capabilities } from '../capabilities/index.js';
import type { Clock, RandomSource } from '../determinism/index.js';
import { type CoreErrorCode, TenstripError } from '../errors/index.js';
import type {
  OperationContext,
  OperationSpec,
  Reservation,
  ResourceGovernor,
  SharedOperation,
} from '../governor/index.js';
import type { Logger } from '../logging/index.js';
import type { CallScope, MountedPlugin } from './mounted-plugin.js';
import type { PluginContext } from './plugin.js';
import type { StripCode } from './running-strip.js';

/** How deep calls of calls may go. */
const maxNesting = 32;

/** The {@link PluginContext} of one call. */
export class RunningCall implements PluginContext, StripCode {
  readonly op: OperationContext;
  readonly plugin: MountedPlugin;
  readonly caller: RunningCall | undefined;
  readonly depth: number;
  readonly #scope: CallScope;

  constructor(op: OperationContext, plugin: MountedPlugin, scope: CallScope, caller: RunningCall | undefined) {
    this.op = op;
    this.plugin = plugin;
    this.caller = caller;
    this.depth = caller === undefined ? 1 : caller.depth + 1;
    this.#scope = scope;
  }

  get service(): unknown {
    return this.#scope.service;
  }

  get logger(): Logger {
    return this.#scope.logger;
  }

  async call(path: string, input: unknown): Promise<unknown> {
    if (this.depth >= maxNesting) throw this.#tooDeep(path);
    return this.#scope.nested(path, input, this);
  }

  /** Whether this call, or one that led to it, is a call of the strip that owns `scope`. */
  isWithin(scope: object): boolean {
    return this.#scope === scope || (this.caller?.isWithin(scope) ?? false);
  }

  use<C extends Capability>(capability: C): CapabilityHandles[C] {
    if (this.plugin.declares(capability) || !capabilities.includes(capability)) return this.op.use(capability);
    throw new TenstripError<CoreErrorCode>(
      'CapabilityDenied',
      `${this.plugin.path} did not declare ${capability}; add it to its capabilities or optionalCapabilities`,
      { details: { plugin: this.plugin.path, capability } },
    );
  }

  get name(): string {
    return this.op.name;
  }
  get signal(): AbortSignal {
    return this.op.signal;
  }
  get governor(): ResourceGovernor {
    return this.op.governor;
  }
  get clock(): Clock {
    return this.op.clock;
  }
  get random(): RandomSource {
    return this.op.random;
  }
  get deterministic(): boolean {
    return this.op.deterministic;
  }
  get sandboxed(): boolean {
    return this.op.sandboxed;
  }
  get parallelism(): number {
    return this.op.parallelism;
  }
  get stopped(): 'aborted' | 'deadline' | undefined {
    return this.op.stopped;
  }
  throwIfStopped(): void {
    this.op.throwIfStopped();
  }
  checkpoint(): Promise<void> | undefined {
    return this.op.checkpoint();
  }
  run<T>(spec: OperationSpec | string, body: (op: OperationContext) => T | Promise<T>): Promise<T> {
    return this.op.run(spec, body);
  }
  reserve(bytes: number): Reservation {
    return this.op.reserve(bytes);
  }
  io(cost: { ops?: number; bytes?: number }): Promise<void> | undefined;
  io<T>(cost: { ops?: number; bytes?: number }, work: () => Promise<T>): Promise<T>;
  io<T>(cost: { ops?: number; bytes?: number }, work?: () => Promise<T>): Promise<T> | Promise<void> | undefined {
    return work === undefined ? this.op.io(cost) : this.op.io(cost, work);
  }
  entropy(length: number): Uint8Array {
    return this.op.entropy(length);
  }
  share(): SharedOperation {
    return this.op.share();
  }

  #tooDeep(path: string): TenstripError<CoreErrorCode> {
    const message = `${this.plugin.path} calls ${path} more than ${maxNesting} calls deep; do plugins call each other in a circle?`;
    return new TenstripError('PluginFailed', message, { details: { plugin: this.plugin.path, path, maxNesting } });
  }
}
