// How the program fails: one line that says what was wrong and what to do, never a stack trace, and an exit code.

import { isTenstripError } from '@tenstrip/shared-core';
import { exitCodes } from './command-line';
import { visibleText } from './untrusted-text';

/** Codes of errors that are about a log file, not about the program or the ledger. */
const unreadable = ['SourceUnreadable'];

export function exitCodeOf(error: unknown): number {
  if (isTenstripError(error, 'UsageInvalid')) return exitCodes.usage;
  if (isTenstripError(error, ...unreadable)) return exitCodes.unreadable;
  if (isTenstripError(error, 'LogCorrupt', 'CheckpointFork', 'EntryInvalid')) return exitCodes.tampered;
  return exitCodes.failed;
}

/** Writes the one line, to standard error; with `json` also a document `{ "error": … }` to standard output. */
export function reportFailure(error: unknown, json: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'Unexpected';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.stderr.write(`watchtower: ${visibleText(message)} [${code}]\n`);
}
