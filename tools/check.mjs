// `npm run check [-- rule…]`: what a reviewer should not have to look for; the rules are in tools/check/rules/.
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
await runEntry(async () => {
  const { runChecks } = await import('./check/run-checks.mjs');
  return await runChecks(process.argv.slice(2));
});
