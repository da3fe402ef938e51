// What the ledger records of the rules that it runs, when they change.

import { crossDomainNumbers, crossDomainRule } from '../correlation/index.js';
import { networkRecidiveRule, recidiveHosts, recidiveWindowMs } from '../decisions/index.js';
import type { RuleNumbers } from '../ledger/index.js';
import type { Scenario } from '../scenarios/index.js';

/** Names, versions and numbers of scenarios and of the rules that every ledger has, as JSON can hold them. */
export function rulesAsRecorded(scenarios: readonly Scenario[]): readonly RuleNumbers[] {
  return [
    ...scenarios.map(({ name, version, capacity, leakSpeedMs, blackholeMs = 0 }) => ({
      name,
      version,
      // JSON knows no infinity.
      capacity: capacity === Number.POSITIVE_INFINITY ? null : capacity,
      leakSpeedMs,
      blackholeMs,
    })),
    { name: crossDomainRule.name, version: crossDomainRule.version, ...crossDomainNumbers },
    {
      name: networkRecidiveRule.name,
      version: networkRecidiveRule.version,
      capacity: recidiveHosts,
      leakSpeedMs: recidiveWindowMs,
      blackholeMs: 0,
    },
  ];
}
