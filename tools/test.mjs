// `npm test [-- --full] [-- filter…]`: sets the clone up, runs every suite, ends with `N passed, N failed`.
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
await runEntry(async () => {
  const { runTests } = await import('./testing/run-tests.mjs');
  return await runTests(process.argv.slice(2));
});
