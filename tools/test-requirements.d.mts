// The types of test-requirements.mjs, for tests in TypeScript.

/** What a test needs, and why it is not there. */
export interface Requirement {
  readonly available: boolean;
  /** Why it is not available and what to do; empty when it is. */
  readonly reason: string;
}

/** A corpus with the folder where it is, or would be. */
export interface CorpusRequirement extends Requirement {
  readonly folder: string;
}

/** A program of the operating system, by a name in tools/testing/system-packages.mjs. With `CI=true` a missing one throws. */
export function requireTool(tool: string): Requirement;
/** That the tests run as root. */
export function requireRoot(): Requirement;
/** That this is the long run, `npm run test:full`. */
export function requireFull(): Requirement;
/** A folder of the corpora in `TENSTRIP_CORPUS_DIR`; never throws. */
export function requireCorpus(name: string, source?: string): CorpusRequirement;
/** Any other need, tried by the test itself. */
export function requirement(available: boolean, reason: string): Requirement;
