// One name, one rule: counts, decisions and escalations go by names, so that two rules under one name would be mixed there.

import { TenstripError } from '@tenstrip/shared-core/errors';
import { crossDomainRule } from '../correlation/index.js';
import { networkRecidiveRule } from '../decisions/index.js';
import type { LedgerErrorCode } from '../errors/index.js';
import type { RuleSet } from '../rules/index.js';
import type { Scenario } from '../scenarios/index.js';

/**
 * Nothing, where each scenario has a name of its own among the others, those of rules and those of every ledger.
 * @throws TenstripError `ScenarioInvalid`, which names both places.
 */
export function checkScenarioNames(scenarios: readonly Scenario[], rules: RuleSet | undefined): void {
  const places = new Map([crossDomainRule, networkRecidiveRule].map(({ name }) => [name, 'what every ledger runs']));
  for (const { name, kind, file } of rules?.report.compiled ?? []) {
    if (kind !== 'scenario') continue;
    const known = places.get(name);
    // Documents of one file are parts of one rule, and compileRules refuses a second file.
    if (known !== undefined && known !== `the rules of ${file}`) throw taken(name, `the rules of ${file}`, known);
    places.set(name, `the rules of ${file}`);
  }
  for (const [at, { name }] of scenarios.entries()) {
    const known = places.get(name);
    if (known !== undefined) throw taken(name, `scenarios[${at}]`, known);
    places.set(name, `scenarios[${at}]`);
  }
}

function taken(name: string, place: string, known: string): TenstripError<LedgerErrorCode> {
  return new TenstripError<LedgerErrorCode>(
    'ScenarioInvalid',
    `Scenario ${name} stands in ${place} and in ${known}: decisions and counts go by names. Leave one out or give it another name.`,
    { details: { scenario: name, places: [known, place] } },
  );
}
