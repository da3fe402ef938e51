// Many waits on one AbortSignal, one listener: adding and removing costs a set operation, and Node has no reason to warn
// of a leak when a thousand operations share a signal.

const callbacksOf = new WeakMap<AbortSignal, { readonly callbacks: Set<() => void>; readonly listener: () => void }>();

/**
 * Calls `callback` when `signal` aborts, until {@link removeAbortListener}. Nothing happens on a signal that is aborted.
 *
 * @internal
 */
export function addAbortListener(signal: AbortSignal, callback: () => void): void {
  const known = callbacksOf.get(signal);
  if (known !== undefined) {
    known.callbacks.add(callback);
    return;
  }
  const callbacks = new Set([callback]);
  const listener = (): void => {
    callbacksOf.delete(signal);
    for (const each of callbacks) each();
  };
  callbacksOf.set(signal, { callbacks, listener });
  signal.addEventListener('abort', listener, { once: true });
}

/** @internal */
export function removeAbortListener(signal: AbortSignal, callback: () => void): void {
  const known = callbacksOf.get(signal);
  if (known === undefined || !known.callbacks.delete(callback) || known.callbacks.size > 0) return;
  callbacksOf.delete(signal);
  signal.removeEventListener('abort', known.listener);
}
