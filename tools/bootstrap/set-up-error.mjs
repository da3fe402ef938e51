// A failure that the person at the keyboard can do something about: shown as its message, without a stack.

export class SetUpError extends Error {
  /** @param {string} message what was wrong and what to do */
  constructor(message) {
    super(message);
    this.name = 'SetUpError';
  }
}

/**
 * Runs an entry's main function; a {@link SetUpError} ends the process with code 1 and its message alone.
 *
 * @param {() => Promise<number | void>} main gives the exit code; nothing leaves it as it is
 */
export async function runEntry(main) {
  try {
    const code = await main();
    if (code !== undefined) process.exitCode = code;
  } catch (error) {
    process.stderr.write(`\n${error instanceof SetUpError ? error.message : formatBug(error)}\n`);
    process.exitCode = 1;
  }
}

/** @param {unknown} error */
function formatBug(error) {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
