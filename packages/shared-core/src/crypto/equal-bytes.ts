// Comparison that takes the same time wherever the inputs differ, for secrets and authenticators.
import { timingSafeEqual } from 'node:crypto';

/** Whether `a` and `b` hold the same bytes. The time depends on their lengths alone, which are no secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
