// Which world this thread runs, and whether what runs now belongs to it. Patched functions ask here and are the real ones
// otherwise, so that code that runs between two turns of a world does not notice it.

import { TenstripError } from '@tenstrip/shared-core';
import type { ChaosErrorCode } from '../errors/index.js';
import type { World } from './world.js';

let claimed = false;
let active: World | undefined;

/** The world whose event is being run. */
export function activeWorld(): World | undefined {
  return active;
}

export function setActiveWorld(world: World | undefined): void {
  active = world;
}

/** Takes this thread for one simulation. @throws TenstripError `WorldBusy` */
export function claimThread(): Disposable {
  if (claimed) {
    throw new TenstripError<ChaosErrorCode>(
      'WorldBusy',
      'this thread runs a simulation already; await that one first, or use another thread',
    );
  }
  claimed = true;
  return {
    [Symbol.dispose]() {
      claimed = false;
    },
  };
}
