// `npm start [-- arguments]`: sets the clone up, then runs the suite's main job, examples/watchtower, in this very process,
// so that arguments, standard streams, the terminal, signals and the exit code are the program's own.
import { createRequire, runMain } from 'node:module';
import { join } from 'node:path';
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { repositoryRoot } from './bootstrap/repository.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
const main = join(repositoryRoot, 'examples', 'watchtower', 'main.ts');

await runEntry(async () => {
  const { setUp } = await import('./bootstrap/set-up.mjs');
  await setUp();
  const tsNode = createRequire(import.meta.url)('ts-node');
  tsNode.register({ transpileOnly: true, projectSearchDir: join(repositoryRoot, 'examples') });
  process.argv[1] = main;
  runMain();
});
