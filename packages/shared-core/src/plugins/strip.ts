// A strip: an engine's plugins and the one service that they share, with its set-up and tear-down.
import { z } from 'zod';
import { capabilities } from '../capabilities/index.js';
import type { Problem } from '../config/index.js';
import type { ResourceGovernor } from '../governor/index.js';
import { isKebabCase, nameProblem, type PluginList } from './plugin.js';
import { stripInvalid } from './plugin-error.js';
import { camelCase, type TypedPlugin } from './typed-calls.js';

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

const maxPlugins = 256;

/**
 * Gives `strip` back, checked, with its types inferred.
 *
 * @throws TenstripError `StripInvalid` listing all that is wrong: names, version, duplicates, schemas.
 */
export function defineStrip<Options extends z.ZodType, Service, const Plugins extends PluginList<Service>>(
  strip: Strip<Options, Service, Plugins>,
): Strip<Options, Service, Plugins> {
  checkStrip(strip as unknown as AnyStrip);
  return strip;
}

/** Checks a definition. @throws TenstripError `StripInvalid` */
export function checkStrip(strip: AnyStrip): void {
  const problems = [...stripProblems(strip), ...requirementProblems(strip), ...pluginProblems(strip)];
  if (problems.length > 0) throw stripInvalid(`the strip ${String(strip.name)}`, problems);
}

function* stripProblems(strip: AnyStrip): Iterable<Problem> {
  if (!isKebabCase(strip.name)) yield nameProblem(strip.name);
  if (!isVersion(strip.version)) yield { path: 'version', message: versionExpected(strip.version) };
  if (!(strip.options instanceof z.ZodType)) yield { path: 'options', message: 'expected a zod schema' };
  if (typeof strip.open !== 'function') yield { path: 'open', message: 'expected a function that makes the service' };
  if (strip.plugins.length === 0) yield { path: 'plugins', message: 'expected at least one plugin' };
  if (strip.plugins.length > maxPlugins) yield { path: 'plugins', message: `expected at most ${maxPlugins}` };
}

function* requirementProblems(strip: AnyStrip): Iterable<Problem> {
  for (const [name, version] of Object.entries(strip.requiresStrips ?? {})) {
    const path = `requiresStrips[${JSON.stringify(name)}]`;
    if (!isVersion(version)) yield { path, message: versionExpected(version) };
    if (name === strip.name) yield { path, message: 'a strip cannot require itself' };
  }
}

function* pluginProblems(strip: AnyStrip): Iterable<Problem> {
  const seen = new Map<string, string>();
  for (const [index, plugin] of strip.plugins.entries()) {
    const at = `plugins[${index}]`;
    if (!isKebabCase(plugin.name)) {
      yield { path: `${at}.name`, message: nameProblem(plugin.name).message };
      continue;
    }
    const twin = seen.get(camelCase(plugin.name));
    if (twin !== undefined)
      yield { path: `${at}.name`, message: `${plugin.name} is ${twin} again; rename one of them` };
    seen.set(camelCase(plugin.name), plugin.name);
    for (const side of ['input', 'output'] as const) {
      if (!(plugin[side] instanceof z.ZodType)) yield { path: `${at}.${side}`, message: 'expected a zod schema' };
    }
    for (const capability of [...(plugin.capabilities ?? []), ...(plugin.optionalCapabilities ?? [])]) {
      if (capabilities.includes(capability)) continue;
      yield { path: `${at}.capabilities`, message: `${capability} is none of ${capabilities.join(', ')}` };
    }
  }
}

function isVersion(version: unknown): boolean {
  return Number.isSafeInteger(version) && (version as number) >= 1;
}

function versionExpected(version: unknown): string {
  return `expected an integer from 1, got ${JSON.stringify(version)}`;
}
