// Whose code runs at this very moment, so that a strip which asks to be taken down by its own code is refused at once
// instead of waiting for itself. Known up to the first `await` of that code: to follow it further would make every promise
// of the process dearer (AsyncLocalStorage). Two assignments a call.

/** Code of a strip: a call of a plugin, or the opening or closing of the service. */
export interface StripCode {
  /** Whether this is code of the strip that owns `scope`, or was called by such code. */
  isWithin(scope: object): boolean;
}

let running: StripCode | undefined;

/** Runs `body` as `code`. */
export function runAs<T>(code: StripCode, body: () => T): T {
  const around = running;
  running = code;
  try {
    return body();
  } finally {
    running = around;
  }
}

/** Whether code of the strip that owns `scope` is known to be running now. */
export function isRunning(scope: object): boolean {
  return running?.isWithin(scope) ?? false;
}
