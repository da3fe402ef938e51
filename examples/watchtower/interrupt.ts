// Ctrl-C and SIGTERM ask for a clean end: the reading stops at the next line, everything is flushed, and the exit code
// says so. A second one ends the process at once; the ledger survives that too.

import { isTenstripError } from '@tenstrip/shared-core';
import { exitCodes } from './command-line';

/** Runs `body` with a signal that Ctrl-C and SIGTERM abort; its exit code is 130 then, unless something worse happened. */
export async function interruptible(body: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const code = await body(controller.signal);
    return code === exitCodes.done && controller.signal.aborted ? exitCodes.interrupted : code;
  } catch (error) {
    if (controller.signal.aborted && isAbort(error)) return exitCodes.interrupted;
    throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function isAbort(error: unknown): boolean {
  return isTenstripError(error, 'OperationAborted') || (error instanceof Error && error.name === 'AbortError');
}
