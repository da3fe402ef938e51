// A plugin registry for each test of a file, under a deterministic governor of its own; both are closed after the test.
import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { afterEach, beforeEach } from 'vitest';

/**
 * Opens a registry before each test.
 *
 * @param {string} seed
 * @returns {() => PluginRegistry} the registry of the test that runs
 */
export function registryForEachTest(seed) {
  /** @type {ResourceGovernor} */
  let governor;
  /** @type {PluginRegistry} */
  let registry;
  beforeEach(() => {
    governor = new ResourceGovernor(testing(seed));
    registry = new PluginRegistry({ governor });
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await governor.close();
  });
  return () => registry;
}
