// `npm run new-package <name> ["summary"]`: makes a package in the shape that all have.
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
await runEntry(async () => {
  const { newPackage } = await import('./new-package/create-package.mjs');
  await newPackage(process.argv.slice(2));
});
