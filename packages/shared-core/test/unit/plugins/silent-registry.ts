import { ResourceGovernor } from '../../../src/governor/index.js';
import { createLogger } from '../../../src/logging/index.js';
import { PluginRegistry } from '../../../src/plugins/index.js';

/** A logger that says nothing. */
export const silent = createLogger({ level: 'silent' });

/** A registry under a governor of its own that limits nothing and says nothing. */
export function registry(): PluginRegistry {
  return new PluginRegistry({ governor: new ResourceGovernor({ logger: silent }) });
}
