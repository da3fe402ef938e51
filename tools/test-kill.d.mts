// The types of test-kill.mjs, for tests in TypeScript.

/** Runs a program of Node until `afterMs` after its first change in `folder`, where SIGKILL ends it. */
export function killWhileWriting(
  program: URL,
  how: { readonly folder: string; readonly args: readonly string[]; readonly afterMs: number },
): Promise<void>;
