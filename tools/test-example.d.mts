// The types of test-example.mjs, for tests in TypeScript.

/** The lines that `examples/<example>.ts` prints; rejects when it fails. */
export function linesOfExample(example: string, env?: NodeJS.ProcessEnv): Promise<string[]>;
