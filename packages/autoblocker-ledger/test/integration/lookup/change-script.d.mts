// The types of change-script.mjs, for tests in TypeScript.

import type { IpPrefix, NetworkBlocking } from '../../../src/lookup/index.js';

export function changes(
  seed: number,
): Generator<{ readonly prefix: IpPrefix; readonly blockings: readonly NetworkBlocking[] }, never>;
