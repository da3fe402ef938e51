// The one way in which this package makes its errors.
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { SemanticLatticeErrorCode } from './lattice-error-code.js';

/** An error of this package: what was wrong, with what value, and what to do. */
export function latticeError(
  code: SemanticLatticeErrorCode,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  options: { cause?: unknown; retryable?: boolean } = {},
): TenstripError<SemanticLatticeErrorCode> {
  return new TenstripError(code, message, { details, ...options });
}

/** A value for people: also of what has no text. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
