// A certificate as the independent checker accepts it. The checker knows some signs by itself, and refuses conditions that nothing needs:
// those are left out one by one. What is claimed is then stronger, and accepted as such.

import { type Certificate, type CertifiedCondition, type CheckLimits, checkCertificate } from '../certificate/index.js';

const notNeeded = 'a condition that nothing needs';

/** @returns the certificate with as many of its conditions as are accepted, those at the end first to stay; or why it is refused */
export function acceptedCertificate<Kind extends Certificate & { readonly conditions: readonly CertifiedCondition[] }>(
  certificate: Kind,
  limits: CheckLimits = {},
): { readonly certificate: Kind } | { readonly problem: string } {
  let current = certificate;
  let result = checkCertificate(current, limits);
  for (const condition of certificate.conditions) {
    if (result.accepted || result.problem !== notNeeded) break;
    const fewer = { ...current, conditions: current.conditions.filter((other) => other !== condition) };
    const without = checkCertificate(fewer, limits);
    if (!without.accepted && without.problem !== notNeeded) continue;
    current = fewer;
    result = without;
  }
  return result.accepted ? { certificate: current } : { problem: result.problem };
}
