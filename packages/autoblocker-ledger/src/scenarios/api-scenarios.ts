// Password guessing at an API that tells of it by events of its own.

import { guessing } from './login-guessing.js';
import type { Scenario } from './scenario.js';

const second = 1000;

/** Rules for events of an API that are no requests. */
export const apiScenarios: readonly Scenario[] = [
  {
    ...guessing('api', new Set(['authentication-failure'])),
    name: 'tenstrip/api-login-bf',
    description: 'More than 5 failed logins at an API from one address, leaking one in 10 seconds',
    references: ['T1110'],
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
];
