// The newest Node that npm's `node` package gives, beside the one that runs the tests: from TENSTRIP_NEWEST_NODE (a binary), or from the
// cache in node_modules, which the full run fills.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirement } from '../../../../tools/test-requirements.mjs';

const cache = fileURLToPath(new URL('../../../../node_modules/.cache/newest-node', import.meta.url));
const platform = `node-${process.platform}-${process.arch}`;
const places = [
  process.env.TENSTRIP_NEWEST_NODE,
  join(cache, 'node_modules', platform, 'bin', 'node'),
  join(cache, 'node_modules', 'node', 'node_modules', platform, 'bin', 'node'),
];

/** The binary; `available` says whether it is there. */
export function newestNode(): { readonly available: boolean; readonly reason: string; readonly path: string } {
  const reason = `needs a newer Node: npm install --prefix ${cache} node@latest, or its path in TENSTRIP_NEWEST_NODE`;
  if (process.env.TENSTRIP_FULL === '1' && find() === undefined) {
    try {
      execFileSync('npm', ['install', '--prefix', cache, '--no-audit', '--no-fund', 'node@latest'], {
        stdio: 'ignore',
        timeout: 300_000,
      });
    } catch {} // no network: the test is skipped by name
  }
  const path = find();
  return { ...requirement(path !== undefined, reason), path: path ?? '' };
}

function find(): string | undefined {
  return places.find((place) => place !== undefined && existsSync(place));
}
