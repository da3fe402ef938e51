import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// One configuration for the whole suite: `vitest run --config vitest.workspace.ts --project @tenstrip/<name>`.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    projects: ['packages/*', 'tools', 'examples'],
  },
});
