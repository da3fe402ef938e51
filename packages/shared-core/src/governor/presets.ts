// Ready-made options, as plain data: spread and override. And the governor of those who want none.
import { availableParallelism, totalmem } from 'node:os';
import type { GovernorOptions } from './limits.js';
import { ResourceGovernor } from './resource-governor.js';

/** Options for tests: deterministic from `seed`, nothing measured decides, nothing is granted that a test did not ask for. */
export function testing(seed: number | bigint | string): GovernorOptions {
  return { name: 'testing', deterministic: { seed }, maxQueue: 10_000 };
}

/**
 * Options for a service that has its machine to itself: nine tenths of the cores, three quarters of the memory that
 * the machine or its container allows, 64 operations at once per core, 10,000 waiting, 30 s each.
 */
export function production(): GovernorOptions {
  const cores = availableParallelism();
  return {
    name: 'production',
    cpuPercent: cores * 90,
    ramBytes: Math.floor(memoryBytes() * 0.75),
    maxConcurrency: cores * 64,
    maxQueue: 10_000,
    deadlineMs: 30_000,
  };
}

/** What the machine has, or what the control group of this process allows if that is less. */
function memoryBytes(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

class Ungoverned extends ResourceGovernor {
  override pause(): void {}

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/** No limit, system clock, every capability; cannot be paused and never closes. What a call uses when nothing is said. */
export const ungoverned: ResourceGovernor = new Ungoverned({ name: 'ungoverned' });
