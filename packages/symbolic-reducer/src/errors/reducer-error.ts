// What can be wrong with an input or a limit. A verdict (`refuted`, `unknown`) is data, not an error.

import { TenstripError } from '@tenstrip/shared-core';

/** The codes of the errors that this package throws on purpose. */
export type ReducerErrorCode =
  /** A text or MathJSON is not an expression. `details.position` is the place, from 0; for MathJSON `details.path` */
  | 'ParseError'
  /** A function's name that is not registered, or with a number of arguments that it does not take. `details.name` */
  | 'UnknownFunction'
  /** The expression has no value anywhere: a division by zero, 0^0, the logarithm of 0. `details.operation` */
  | 'DomainError'
  /** A limit on nodes, terms, bits, steps or length would be passed. `details.limit`, `details.allowed`, `details.needed` */
  | 'BudgetExceeded'
  /** Assumptions, or conditions, that no number satisfies together. `details.symbol` */
  | 'AssumptionContradiction'
  /** Exponents that need more bits than the monomials of a polynomial have. `details.bits`, `details.allowed` */
  | 'ExponentRange'
  /** Polynomials that are not over the same variables, or an argument that an operation does not take. `details.problem` */
  | 'PolynomialInvalid'
  /** A function that has no derivative by any rule. `details.name` */
  | 'NotDifferentiable'
  /** A quotient asked for as exact that is not. */
  | 'DivisionInexact'
  /** A user's rule that is not true, or cannot be checked. `details.rule`, `details.witness` when there is one */
  | 'RuleRejected'
  /** An expression that cannot be compiled, or generated code that may not be instantiated here. `details.problem` */
  | 'CompilationRefused'
  /** Options that are out of range. `details.option` */
  | 'OptionsInvalid';

/**
 * Refuses what should be an object of options and is none.
 *
 * @throws TenstripError `OptionsInvalid`
 * @internal
 */
export function requireOptions(value: unknown, option: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw invalidOption(option, value, 'an object');
}

/** An option, or argument, that is not what it must be. @internal */
export function invalidOption(option: string, value: unknown, wanted: string): TenstripError<ReducerErrorCode> {
  return reducerError('OptionsInvalid', `${option} must be ${wanted}, not ${shown(value)}`, { option, value });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return value > -(10n ** 40n) && value < 10n ** 40n ? `${value}n` : 'a long bigint';
  if (value === null || typeof value !== 'object') return typeof value === 'function' ? 'a function' : String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/** An error of this package. @internal */
export function reducerError(
  code: ReducerErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): TenstripError<ReducerErrorCode> {
  return new TenstripError<ReducerErrorCode>(code, message, { details });
}
