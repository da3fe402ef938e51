// Public corpora beside the project: the tools' own check, with types. Tests that need one skip themselves without it.
import { createRequire } from 'node:module';

interface Corpus {
  readonly available: boolean;
  readonly folder: string;
}

/** The folder `name` of TENSTRIP_CORPUS_DIR; `source` says where it can be had. */
export function requireCorpus(name: string, source: string): Corpus {
  const tools = createRequire(import.meta.url)('../../../../tools/test-requirements.mjs') as {
    requireCorpus(name: string, source: string): Corpus;
  };
  return tools.requireCorpus(name, source);
}
