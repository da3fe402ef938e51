// What a strip needs of where it is mounted: other strips of given versions, and capabilities that are granted.
import { type CoreErrorCode, isTenstripError, TenstripError } from '../errors/index.js';
import type { ResourceGovernor } from '../governor/index.js';
import type { AnyStrip } from './strip.js';

/** Versions of the strips that take calls, by name. */
export type MountedVersions = ReadonlyMap<string, number>;

/**
 * Checks that everything which `strip` requires is there.
 *
 * @throws TenstripError `StripRequirementUnmet` listing each missing strip, `CapabilityDenied`
 */
export function checkRequirements(strip: AnyStrip, mounted: MountedVersions, governor: ResourceGovernor): void {
  const unmet = Object.entries(strip.requiresStrips ?? {}).filter(([name, version]) => mounted.get(name) !== version);
  if (unmet.length > 0) {
    const list = unmet.map(([name, version]) => `${name} version ${version} (${mountedAs(mounted.get(name))})`);
    throw requirementUnmet(`${strip.name} requires ${list.join(', ')}; mount that first`, {
      strip: strip.name,
      unmet: Object.fromEntries(unmet),
    });
  }
  for (const plugin of strip.plugins) {
    for (const capability of plugin.capabilities ?? []) {
      try {
        governor.use(capability);
      } catch (error) {
        if (!isTenstripError(error, 'CapabilityDenied')) throw error;
        const message = `${strip.name}/${plugin.name} needs ${capability}, which is not granted; grant it in the sandbox policy`;
        const details = { strip: strip.name, plugin: plugin.name, capability };
        throw new TenstripError<CoreErrorCode>('CapabilityDenied', message, { details, cause: error });
      }
    }
  }
}

/**
 * Checks that no strip in `others` would miss `name` if it had `version` from now on (`undefined`: were gone).
 *
 * @throws TenstripError `StripRequirementUnmet`
 */
export function checkDependents(name: string, version: number | undefined, others: Iterable<AnyStrip>): void {
  const dependents = [...others].filter(({ requiresStrips }) => (requiresStrips?.[name] ?? version) !== version);
  if (dependents.length === 0) return;
  const names = dependents.map((strip) => strip.name);
  const wish = version === undefined ? 'be unmounted' : `become version ${version}`;
  throw requirementUnmet(`${name} cannot ${wish}: ${names.join(', ')} requires it as it is; unmount that first`, {
    strip: name,
    dependents: names,
  });
}

function mountedAs(version: number | undefined): string {
  return version === undefined ? 'not mounted' : `mounted is version ${version}`;
}

function requirementUnmet(message: string, details: Record<string, unknown>): TenstripError<CoreErrorCode> {
  return new TenstripError('StripRequirementUnmet', message, { details });
}
