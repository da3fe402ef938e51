// What comes in from outside, checked where it comes in: from JavaScript it may be anything. Each refusal names the value and what
// belongs there.
import { latticeError, textOf } from './lattice-error.js';
import type { SemanticLatticeErrorCode } from './lattice-error-code.js';

/** Refuses an input. */
export function refuseInput(
  name: string,
  value: unknown,
  need: string,
  code: SemanticLatticeErrorCode = 'OptionsInvalid',
): never {
  const shown = typeof value === 'string' ? JSON.stringify(textOf(value)) : textOf(value);
  const issues = [`${name} is ${shown}: ${need}`];
  throw latticeError(code, issues[0]!, { issues, value: shown });
}

/** Options, or none. */
export function optionsIn<T extends object>(name: string, given: T | undefined): Partial<T> {
  if (given === undefined) return {};
  return objectIn(name, given);
}

export function objectIn<T>(name: string, given: T): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuseInput(name, given, 'give an object');
  return given;
}

export function textIn(name: string, given: unknown, code?: SemanticLatticeErrorCode): string {
  return typeof given === 'string' ? given : refuseInput(name, given, 'give a string', code);
}

export function functionIn<T>(name: string, given: T): T {
  return typeof given === 'function' ? given : refuseInput(name, given, 'give a function');
}

/** A whole number from `least` up; nothing where nothing is given. */
export function countIn<T extends number | undefined>(name: string, given: T, least = 0): T {
  if (given === undefined || (Number.isSafeInteger(given) && given >= least)) return given;
  return refuseInput(name, given, `give a whole number from ${least} upwards`);
}

export function iterableIn<T extends Iterable<unknown>>(name: string, given: T, code?: SemanticLatticeErrorCode): T {
  const isIterable = given !== undefined && given !== null && typeof given[Symbol.iterator] === 'function';
  return isIterable ? given : refuseInput(name, given, 'give an array or another iterable', code);
}
