// `npm run docs`: builds the API reference into docs/api/index.html.
import { requireSupportedNode } from './bootstrap/node-version.mjs';
import { runEntry } from './bootstrap/set-up-error.mjs';

requireSupportedNode();
await runEntry(async () => {
  const { buildReference } = await import('./docs/build-reference.mjs');
  return await buildReference();
});
