// The states of a mounted strip and the steps between them, as a table; every other step is an error.
import { type CoreErrorCode, TenstripError } from '../errors/index.js';

/**
 * - `loaded`: its definition is checked, its service is being opened
 * - `ready`: the service is open
 * - `active`: takes calls; during a replacement they wait
 * - `paused`: the service is open, calls wait
 * - `unloaded`: drained and closed, for good
 * - `failed`: the service could not be opened, or not be closed for its replacement
 */
export type StripState = 'loaded' | 'ready' | 'active' | 'paused' | 'unloaded' | 'failed';

/** From each state, the states that may follow. */
const stripTransitions: Readonly<Record<StripState, readonly StripState[]>> = {
  loaded: ['ready', 'failed'],
  ready: ['active'],
  active: ['paused', 'unloaded', 'failed'],
  paused: ['active', 'unloaded'],
  unloaded: [],
  failed: ['unloaded'],
};

/** `to`, if it may follow `from`. @throws TenstripError `IllegalTransition` */
export function checkedTransition(strip: string, from: StripState, to: StripState): StripState {
  if (stripTransitions[from].includes(to)) return to;
  throw illegalTransition(strip, from, `become ${to}`);
}

/** `IllegalTransition`, with what the state allows instead. */
export function illegalTransition(strip: string, from: StripState, wish: string): TenstripError<CoreErrorCode> {
  const allowed = stripTransitions[from];
  const next = allowed.length > 0 ? `it can become ${allowed.join(' or ')}` : 'mount it again';
  return new TenstripError('IllegalTransition', `${strip} is ${from} and cannot ${wish}; ${next}`, {
    details: { strip, from, wish, allowed },
  });
}
