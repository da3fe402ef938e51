// Where public corpora stand, and how a test says that one is missing.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.env.TENSTRIP_CORPUS_DIR ?? '../shared/data');

/** The path of a corpus, and `missing`: why it cannot be read, for the name of a skipped test. */
export function corpus(name: string, source: string): { readonly path: string; readonly missing: string | undefined } {
  const path = join(folder, name);
  const missing = existsSync(path)
    ? undefined
    : `no ${name} in TENSTRIP_CORPUS_DIR (${folder}); it comes from ${source}`;
  return { path, missing };
}
