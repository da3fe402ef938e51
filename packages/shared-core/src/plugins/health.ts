// Health: a strip is healthy when it takes calls and each of its plugins that has a probe passes it.
import { type CoreErrorCode, type ErrorJson, TenstripError } from '../errors/index.js';
import type { Mount } from './mounted-strip.js';
import { asPluginFailure } from './plugin-error.js';

/** `healthy`, or why not: `StripUnhealthy` with the error of each failing plugin under `details.plugins`. */
export type Health = 'healthy' | { unhealthy: ErrorJson };

/** How long a probe may take. */
const probeDeadlineMs = 10_000;

/** Tries every plugin of `mount` that has a probe, one after the other, through its governor. Never rejects. */
export async function healthOf(mount: Mount): Promise<Health> {
  if (mount.obstacle !== undefined) return { unhealthy: mount.obstacle.toJSON() };
  const failures: Record<string, TenstripError> = {};
  for (const { path, plugin } of mount.plugins.filter(({ plugin: { health } }) => health !== undefined)) {
    try {
      await mount.probe(plugin.name, probeDeadlineMs);
    } catch (error) {
      failures[plugin.name] = asPluginFailure(`the health probe of ${path}`, error);
    }
  }
  const failed = Object.keys(failures);
  return failed.length === 0 ? 'healthy' : { unhealthy: unhealthy(mount.name, failed, failures).toJSON() };
}

function unhealthy(
  strip: string,
  failed: readonly string[],
  failures: Record<string, TenstripError>,
): TenstripError<CoreErrorCode> {
  const list = failed.map((plugin) => `\n  ${plugin}: ${failures[plugin]!.message}`).join('');
  return new TenstripError('StripUnhealthy', `${strip} is unhealthy:${list}`, {
    details: { strip, plugins: failures },
  });
}
