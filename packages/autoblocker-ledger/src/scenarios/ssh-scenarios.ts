// Password guessing and user enumeration over ssh. Thresholds are those of CrowdSec's ssh-bf and ssh-slow-bf, which have
// been run on many hosts: more than 5 failures at one in 10 s, or more than 10 at one in a minute.

import { sourceAddress } from './event-fields.js';
import { byTriedUser, guessing } from './login-guessing.js';
import type { Scenario } from './scenario.js';

const second = 1000;
const minute = 60 * second;

const guessKinds = new Set([
  'authentication-failure',
  'pam-failure',
  'pam-error',
  'invalid-user',
  'user-not-allowed',
  'too-many-failures',
  'preauth-disconnect',
  'client-authentication-failure',
  'connection-refused',
]);

const guessingAtSsh = guessing('ssh', guessKinds);

/** Rules for ssh. */
export const sshScenarios: readonly Scenario[] = [
  {
    ...guessingAtSsh,
    name: 'tenstrip/ssh-bf',
    description: 'More than 5 failed ssh logins from one address, leaking one in 10 seconds',
    references: ['T1110'],
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
  {
    ...guessingAtSsh,
    name: 'tenstrip/ssh-slow-bf',
    description: 'More than 10 failed ssh logins from one address, leaking one in a minute',
    references: ['T1110'],
    capacity: 10,
    leakSpeedMs: minute,
  },
  {
    ...guessingAtSsh,
    ...byTriedUser,
    name: 'tenstrip/ssh-user-enumeration',
    description: 'More than 5 different user names tried over ssh from one address, leaking one in 10 seconds',
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
  {
    ...guessingAtSsh,
    ...byTriedUser,
    name: 'tenstrip/ssh-slow-user-enumeration',
    description: 'More than 10 different user names tried over ssh from one address, leaking one in a minute',
    capacity: 10,
    leakSpeedMs: minute,
  },
  {
    name: 'tenstrip/ssh-protocol-probing',
    version: '1.0.0',
    description:
      'More than 5 connections to ssh from one address that do not speak its protocol, leaking one in 10 seconds',
    references: ['T1595'],
    domains: ['ssh'],
    filter: (event) => event.kind === 'protocol-error',
    groupBy: sourceAddress,
    capacity: 5,
    leakSpeedMs: 10 * second,
    blackholeMs: minute,
    score: 1,
  },
];
