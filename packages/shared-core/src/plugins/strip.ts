// A strip: an engine's plugins and the one service that they share, with its set-up and tear-down.
import type { z } from 'zod';
import type { ResourceGovernor } from '../governor/index.js';
import { checkStrip } from './definition.js';
import type { PluginList } from './plugin.js';
import type { TypedPlugin } from './typed-calls.js';

/** An engine as something that a registry can mount. */
export interface Strip<Options extends z.ZodType, Service, Plugins extends readonly TypedPlugin[]> {
  /** The package's name without its scope, kebab-case. */
  readonly name: string;
  /** Version of the contract (plugins and their schemas), not of the package: an integer from 1, raised when callers have to change. */
  readonly version: number;
  /** One line for people. */
  readonly summary: string;
  /** What {@link open} takes. What is not JSON (keys, functions, pools) comes in here. */
  readonly options: Options;
  /** At most 256. */
  readonly plugins: Plugins;
  /** Other strips that have to be mounted first, each with the version that it has to have. */
  readonly requiresStrips?: Readonly<Record<string, number>>;
  /** Makes the service, once for all plugins. Long-lived work takes its limits from `governor`. */
  open(options: z.output<Options>, governor: ResourceGovernor): Service | Promise<Service>;
  /** Ends the service; called once, when no call uses it any more. */
  close?(service: Service): void | Promise<void>;
}

/** A strip whose type parameters have been forgotten: what the registry keeps. */
export type AnyStrip = Strip<z.ZodType, unknown, PluginList<unknown>>;

/**
 * Gives `strip` back, checked, with its types inferred.
 *
 * @throws TenstripError `StripInvalid` listing every key that is wrong, missing or unknown, also in its plugins.
 */
export function defineStrip<Options extends z.ZodType, Service, const Plugins extends PluginList<Service>>(
  strip: Strip<Options, Service, Plugins>,
): Strip<Options, Service, Plugins> {
  checkStrip(strip);
  return strip;
}
