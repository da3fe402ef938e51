// One configuration for the whole suite: `vitest run --config vitest.workspace.ts --project @tenstrip/<name>`.
// A test's limit is no statement about speed: it ends what hangs, on a slow and busy machine too.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
const folders = [...packages, join(root, 'examples'), join(root, 'tools')].filter((folder) => existsSync(folder));

/** The package's name, or the folder's where it is no package. */
function projectName(folder: string): string {
  const manifest = join(folder, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).name : basename(folder);
}

/** The long versions (`npm run test:full`) do up to a hundred times the work. */
const limitMs = process.env.TENSTRIP_FULL === '1' ? 1_800_000 : 60_000;

export default defineConfig({
  root,
  test: {
    testTimeout: limitMs,
    hookTimeout: 60_000,
    projects: folders.map((folder) => ({ extends: true, test: { name: projectName(folder), root: folder } })),
  },
});
