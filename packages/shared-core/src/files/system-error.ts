// What Node throws when the operating system refuses: an `Error` with the name of the errno and of the call.

/** Whether `error` came from the operating system with one of `codes`, or with any when none is given. */
export function isSystemError(error: unknown, ...codes: string[]): error is NodeJS.ErrnoException & { code: string } {
  if (!(error instanceof Error) || !('syscall' in error && 'code' in error) || typeof error.code !== 'string')
    return false;
  return codes.length === 0 || codes.includes(error.code);
}
