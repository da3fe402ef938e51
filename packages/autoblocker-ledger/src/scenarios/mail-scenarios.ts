// Password guessing over IMAP, POP3, ManageSieve and SMTP submission. Thresholds are those of ssh.

import { byTriedUser, guessing } from './login-guessing.js';
import type { Scenario } from './scenario.js';

const second = 1000;
const minute = 60 * second;

const guessingAtMail = guessing(
  'mail',
  new Set(['authentication-failure', 'auth-database-failure', 'pam-failure', 'too-many-failures']),
);

/** Rules for mail. */
export const mailScenarios: readonly Scenario[] = [
  {
    ...guessingAtMail,
    name: 'tenstrip/mail-bf',
    description: 'More than 5 failed logins to mail from one address, leaking one in 10 seconds',
    references: ['T1110'],
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
  {
    ...guessingAtMail,
    name: 'tenstrip/mail-slow-bf',
    description: 'More than 10 failed logins to mail from one address, leaking one in a minute',
    references: ['T1110'],
    capacity: 10,
    leakSpeedMs: minute,
  },
  {
    ...guessingAtMail,
    ...byTriedUser,
    name: 'tenstrip/mail-user-enumeration',
    description: 'More than 5 different user names tried at mail from one address, leaking one in 10 seconds',
    capacity: 5,
    leakSpeedMs: 10 * second,
  },
];
