// The whole set-up of a clone: dependencies, then the build. Each part does nothing when there is nothing to do.
import { join } from 'node:path';
import { buildPackages } from './build.mjs';
import { installDependencies } from './install.mjs';
import { withLock } from './lock.mjs';
import { repositoryRoot } from './repository.mjs';

/** Installs and builds what is missing or out of date. @throws SetUpError with what to do */
export async function setUp() {
  await withLock(join(repositoryRoot, '.tenstrip', 'set-up.lock'), async () => {
    await installDependencies(repositoryRoot, 'Installing dependencies');
    await buildPackages();
  });
}
