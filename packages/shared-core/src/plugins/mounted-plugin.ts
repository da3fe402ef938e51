// One plugin of a mounted strip: its call, step by step. Input is checked before a permit is asked for, so that bad input
// takes no slot; output is checked inside the permit, because the plugin answers for it.
import { z } from 'zod';
import type { Capability } from '../capabilities/index.js';
import { problemsOf } from '../config/index.js';
import { isTenstripError } from '../errors/index.js';
import type { OperationContext, OperationSpec, ResourceGovernor } from '../governor/index.js';
import type { Logger } from '../logging/index.js';
import { type Counter, span } from '../telemetry/index.js';
import { recordCall } from './decision-record.js';
import type { Plugin } from './plugin.js';
import { asPluginFailure, valueInvalid } from './plugin-error.js';
import { RunningCall } from './running-call.js';
import { runAs } from './running-strip.js';
import { unlessAborted } from './time-limit.js';
import type { CallOptions } from './typed-calls.js';

/** A plugin whose type parameters have been forgotten. */
export type AnyPlugin = Plugin<string, z.ZodType, z.ZodType, unknown>;

/** What all calls of a mounted strip share. */
export interface CallScope {
  readonly strip: string;
  readonly governor: ResourceGovernor;
  readonly logger: Logger;
  /** Counts calls by `plugin` and `outcome`. */
  readonly calls: Counter;
  readonly service: unknown;
  /** Calls a plugin of any strip on behalf of `caller`. */
  nested(path: string, input: unknown, caller: RunningCall): Promise<unknown>;
  /** Is told of the end of each call. */
  ended(): void;
}

/** A plugin with everything that is the same for each of its calls. */
export class MountedPlugin {
  readonly plugin: AnyPlugin;
  /** `<strip>/<plugin>`. */
  readonly path: string;
  readonly #scope: CallScope;
  readonly #spec: OperationSpec;
  readonly #spanName: string;
  readonly #spanAttributes: Readonly<Record<string, string>>;
  readonly #completed: Record<string, string>;

  constructor(plugin: AnyPlugin, scope: CallScope) {
    this.plugin = plugin;
    this.path = `${scope.strip}/${plugin.name}`;
    this.#scope = scope;
    this.#spec = { name: this.path, ...plugin.limits };
    this.#spanName = `tenstrip.${this.path}`;
    this.#spanAttributes = { 'tenstrip.strip': scope.strip, 'tenstrip.plugin': plugin.name };
    this.#completed = { plugin: plugin.name, outcome: 'ok' };
  }

  /** Whether the plugin says that it may use `capability`. */
  declares(capability: Capability): boolean {
    const { capabilities = [], optionalCapabilities = [] } = this.plugin;
    return capabilities.includes(capability) || optionalCapabilities.includes(capability);
  }

  /** One call, with its span, log line and count. `caller` is the call that it is nested in. */
  async call(input: unknown, options?: CallOptions, caller?: RunningCall): Promise<unknown> {
    const { logger, governor } = this.#scope;
    const started = logger.isLevelEnabled('debug') ? governor.clock.monotonicMs() : undefined;
    try {
      const output = await span(this.#spanName, this.#spanAttributes, () => this.#governed(input, options, caller));
      this.#ended('ok', this.#completed, started);
      return output;
    } catch (error) {
      const outcome = isTenstripError(error) ? error.code : 'PluginFailed';
      this.#ended(outcome, { plugin: this.plugin.name, outcome }, started);
      throw error;
    }
  }

  /** Proves that the plugin could do its job now, as an operation of its own; a probe that hangs is left behind. */
  async probe(deadlineMs: number): Promise<void> {
    const spec = { name: `${this.path}:health`, deadlineMs };
    await this.#scope.governor.run(spec, (op) => {
      const probed = async () => this.plugin.health?.(this.#context(op));
      return unlessAborted(op.signal, probed(), () => op.throwIfStopped());
    });
  }

  #ended(outcome: string, attributes: Record<string, string>, started: number | undefined): void {
    const { logger, governor, calls, ended } = this.#scope;
    calls.add(1, attributes);
    if (started !== undefined) {
      logger.debug({ plugin: this.path, outcome, durationMs: governor.clock.monotonicMs() - started }, 'plugin call');
    }
    ended();
  }

  #governed(input: unknown, options: CallOptions | undefined, caller: RunningCall | undefined): Promise<unknown> {
    const checked = this.#checkedInput(input);
    return checked instanceof Promise
      ? checked.then((value) => this.#run(value, options, caller))
      : this.#run(checked, options, caller);
  }

  #checkedInput(input: unknown): unknown {
    try {
      return this.#checked('PluginInputInvalid', input);
    } catch (error) {
      if (this.#scope.governor.deterministic) recordCall(this.#scope.governor, this.path, input, { error });
      throw error;
    }
  }

  #run(input: unknown, options: CallOptions | undefined, caller: RunningCall | undefined): Promise<unknown> {
    const spec = options === undefined ? this.#spec : limited(this.#spec, options);
    const body = (op: OperationContext) => this.#execute(input, this.#context(op, caller));
    return caller === undefined ? this.#scope.governor.run(spec, body) : caller.op.run(spec, body);
  }

  #context(op: OperationContext, caller?: RunningCall): RunningCall {
    return new RunningCall(op, this, this.#scope, caller);
  }

  #execute(input: unknown, context: RunningCall): unknown {
    return this.#scope.governor.deterministic ? this.#recorded(input, context) : this.#outcome(input, context);
  }

  /** As {@link MountedPlugin.#outcome}, and into the governor's decision digest. */
  async #recorded(input: unknown, context: RunningCall): Promise<unknown> {
    const { governor } = this.#scope;
    try {
      const output = await this.#outcome(input, context);
      recordCall(governor, this.path, input, { output });
      return output;
    } catch (error) {
      recordCall(governor, this.path, input, { error });
      throw error;
    }
  }

  /** What the plugin gives, checked; synchronous when plugin and schema are. */
  #outcome(input: unknown, context: RunningCall): unknown {
    try {
      const output = runAs(context, () => this.plugin.execute(input, context));
      if (isThenable(output)) return this.#awaited(output);
      return this.#checked('PluginOutputInvalid', output);
    } catch (error) {
      throw asPluginFailure(this.path, error);
    }
  }

  async #awaited(output: PromiseLike<unknown>): Promise<unknown> {
    try {
      return await this.#checked('PluginOutputInvalid', await output);
    } catch (error) {
      throw asPluginFailure(this.path, error);
    }
  }

  /** `value` as its schema makes it; a promise when the schema is asynchronous. */
  #checked(code: 'PluginInputInvalid' | 'PluginOutputInvalid', value: unknown): unknown {
    const schema = code === 'PluginInputInvalid' ? this.plugin.input : this.plugin.output;
    try {
      return this.#accepted(code, value, schema.safeParse(value));
    } catch (error) {
      if (!(error instanceof z.core.$ZodAsyncError)) throw error;
      return schema.safeParseAsync(value).then((result) => this.#accepted(code, value, result));
    }
  }

  #accepted(code: 'PluginInputInvalid' | 'PluginOutputInvalid', value: unknown, result: z.ZodSafeParseResult<unknown>) {
    if (result.success) return result.data;
    throw valueInvalid(code, this.path, problemsOf(result.error, value));
  }
}

function limited(spec: OperationSpec, { signal, deadlineMs }: CallOptions): OperationSpec {
  const own = { ...spec };
  if (signal !== undefined) own.signal = signal;
  if (deadlineMs !== undefined) own.deadlineMs = deadlineMs;
  return own;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
