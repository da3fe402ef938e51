// The `native` capability: loading granted addons and FFI libraries, by the names under which the program installed them.
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { NativeLoading } from './capability.js';
import { capabilityDenied, type Granted } from './capability-denied.js';

/**
 * Loading of the `granted` modules, where `within` grants them too. They are looked for from the working directory (the program's own dependencies),
 * then from this package. Node's built-in modules are no addons and are refused whatever is granted.
 */
export function openNativeLoading(granted: Granted, within?: NativeLoading): NativeLoading {
  return {
    load: async (specifier) => {
      const attempted = `loading ${JSON.stringify(specifier)}`;
      if (typeof specifier !== 'string' || specifier === '' || isBuiltin(specifier)) {
        throw capabilityDenied('native', attempted, granted, 'it is not the name of an addon');
      }
      if (granted !== true && !granted.includes(specifier)) throw capabilityDenied('native', attempted, granted);
      return within === undefined ? load(specifier) : within.load(specifier);
    },
  };
}

async function load(specifier: string): Promise<unknown> {
  try {
    return createRequire(join(process.cwd(), 'package.json'))(specifier);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return import(specifier);
  }
}

function isNotFound(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
}
