// Random numbers as a value that is handed in. Fast and repeatable; never for secrets.

/** A stream of pseudo-random numbers. */
export interface RandomSource {
  /** An integer from 0 to 2^32 - 1. */
  uint32(): number;
  /**
   * An integer from `minimum` to `maximum`, both included, each equally likely.
   *
   * @throws RangeError when a bound is not a safe integer, or `minimum > maximum`.
   */
  integer(minimum: number, maximum: number): number;
  /** A number in [0, 1) with 53 random bits. */
  float(): number;
  /** Fills `bytes`. */
  fill(bytes: Uint8Array): void;
  /** An independent stream; its seed is the SHA-256 of this source's seed and the labels, whatever was drawn before. */
  stream(...labels: readonly (string | number)[]): RandomSource;
}
