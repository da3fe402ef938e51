// A plugin: one named job of an engine with a checked input and output. It holds no state; what it works on is the
// service that its strip opened.
import type { z } from 'zod';
import type { Capability } from '../capabilities/index.js';
import type { OperationContext } from '../governor/index.js';
import { checkPlugin } from './definition.js';

/** What a plugin holds while it executes: its operation, its strip's service, and the way to other plugins. */
export interface PluginContext<Service = unknown> extends OperationContext {
  /** What the strip's `open` made. */
  readonly service: Service;
  /**
   * Calls another plugin, `<strip>/<plugin>`, as a nested operation: it runs under this operation's permit, and its abort
   * and deadline are this operation's.
   */
  call(path: string, input: unknown): Promise<unknown>;
}

/** One job of a strip. */
export interface Plugin<Name extends string, I extends z.ZodType, O extends z.ZodType, Service> {
  /** Kebab-case; unique in its strip, also when written in camel case, and no member of every object there (`to-string`, `then`). */
  readonly name: Name;
  /** One line for people. */
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /** What it cannot work without: mount refuses where one is not granted. */
  readonly capabilities?: readonly Capability[];
  /** What it needs for some inputs only: `use` throws `CapabilityDenied` where it is not granted. */
  readonly optionalCapabilities?: readonly Capability[];
  /** What the host has to have, in words (`CAP_BPF`, `nft >= 1.0`): shown by `describe`, tried by `health`. */
  readonly requires?: readonly string[];
  /** Defaults of each call. */
  readonly limits?: PluginLimits;
  /** Does the job. The result is checked against `output`; a rejection that is no `TenstripError` becomes `PluginFailed`. */
  execute(input: z.output<I>, context: PluginContext<Service>): z.input<O> | Promise<z.input<O>>;
  /** Rejects when the plugin could not do its job now. */
  health?(context: PluginContext<Service>): Promise<void>;
}

/** What each call of a plugin asks of the governor, unless the caller says otherwise. */
export interface PluginLimits {
  /** From the call to its end, waiting included. */
  readonly deadlineMs?: number;
  /** I/O operations, waited for before the call starts. */
  readonly ioOps?: number;
  /** Memory, reserved before the call starts and given back at its end. */
  readonly reserveBytes?: number;
}

/** Plugins that work on the same service. */
export type PluginList<Service> = readonly Plugin<string, z.ZodType, z.ZodType, Service>[];

/**
 * Gives `plugin` back, checked, with its types inferred from the schemas.
 *
 * @throws TenstripError `StripInvalid` listing every key that is wrong, missing or unknown.
 */
export function definePlugin<const Name extends string, I extends z.ZodType, O extends z.ZodType, Service = unknown>(
  plugin: Plugin<Name, I, O, Service>,
): Plugin<Name, I, O, Service> {
  checkPlugin(plugin);
  return plugin;
}
