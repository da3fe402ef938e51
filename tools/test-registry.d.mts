import type { PluginRegistry } from '@tenstrip/shared-core';

export function registryForEachTest(seed: string): () => PluginRegistry;
