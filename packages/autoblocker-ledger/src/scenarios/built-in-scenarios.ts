import { apiScenarios } from './api-scenarios.js';
import { httpScenarios } from './http-scenarios.js';
import { mailScenarios } from './mail-scenarios.js';
import type { Scenario } from './scenario.js';
import { sshScenarios } from './ssh-scenarios.js';

/** The rules that a ledger runs when it is given no others. */
export const builtInScenarios: readonly Scenario[] = [
  ...sshScenarios,
  ...httpScenarios,
  ...mailScenarios,
  ...apiScenarios,
];
