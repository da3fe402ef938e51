// The one way in which this package makes its errors.
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { SemanticLatticeErrorCode } from './lattice-error-code.js';

/** Characters of a message, and of a value in one. */
const MOST_MESSAGE = 900;
const MOST_SHOWN = 200;

/** An error of this package: what was wrong, with what value, and what to do. Its message is never long, whatever the value is. */
export function latticeError(
  code: SemanticLatticeErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  options: { cause?: unknown; retryable?: boolean } = {},
): TenstripError<SemanticLatticeErrorCode> {
  return new TenstripError(code, clipped(message, MOST_MESSAGE), { details, ...options });
}

function clipped(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A value for people: also of what has no text, and not more than the beginning of a long one. */
export function textOf(value: unknown): string {
  try {
    return clipped(String(value), MOST_SHOWN);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
