// What OpenSSH says about logins (sshd.c, auth.c, packet.c), as sshd and, since 9.8, sshd-session.
// User names are the attacker's to choose, " from 192.0.2.1 port 22" included. OpenSSH puts the true address last, so each
// expression is anchored at both ends and takes the last address; a line that was cut has lost its end and is not read.
// Where a client's words stand behind the address too, a line that could be read in two ways blames nobody.

import { canonicalAddress } from '../lookup/index.js';
import { LiteralPrefilter, type LiteralRule } from './literal-prefilter.js';
import type { LogFinding } from './log-event.js';
import type { SyslogLine } from './syslog-header.js';

interface SshdRule {
  /** `undefined`: a line of no interest. */
  readonly kind: string | undefined;
  readonly outcome: 'failure' | 'success';
  readonly method?: string;
}

const failure = (kind: string): SshdRule => ({ kind, outcome: 'failure' });
const preauthUser = '(?:(?<invalid>in)valid|authenticating) user ';
/** A text in which no second address can stand as sshd writes one. */
const withoutPort = String.raw`(?:(?! port \d).)*`;
const end = String.raw`(?: port \d+)?(?: on \S+)?(?: \[preauth\])?$`;
const rule = (literal: string, expression: string, meaning: SshdRule): LiteralRule<SshdRule> => ({
  literal,
  expression: `^${expression}`,
  rule: meaning,
});

/** In order of precedence. `user` and `address` are named groups. */
const rules = new LiteralPrefilter<SshdRule>([
  rule(
    'Accepted ',
    String.raw`Accepted (?<method>\S+) for (?<user>\S+) from (?<address>\S+) port \d+(?: ssh2)?(?:: .*)?$`,
    { kind: 'authentication-success', outcome: 'success' },
  ),
  // A client offers its keys one by one: a refused key of an existing user is no failed login.
  rule(
    'Failed publickey for ',
    String.raw`Failed publickey for (?<invalid>in)valid user (?<user>.*) from (?<address>\S+) port \d+ ssh2: \S+ (?:SHA256:|MD5:)?\S+$`,
    failure('authentication-failure'),
  ),
  rule('Failed publickey for ', 'Failed publickey for ', { kind: undefined, outcome: 'failure' }),
  rule(
    'Failed hostbased for ',
    String.raw`Failed hostbased for (?:(?<invalid>in)valid user )?(?<user>\S*) from (?<address>\S+) port \d+ ssh2: `,
    failure('authentication-failure'),
  ),
  // What is left of these ends in names that the client says of itself.
  rule('Failed hostbased for ', 'Failed hostbased for ', { kind: undefined, outcome: 'failure' }),
  rule(
    'Failed ',
    String.raw`Failed (?<method>\S+) for (?:(?<invalid>in)valid user |illegal user )?(?<user>.*) from (?<address>\S+) port \d+(?: on \S+)?(?: ssh2?)?$`,
    failure('authentication-failure'),
  ),
  rule(
    ' ssh1',
    String.raw`Failed (?<method>\S+) for (?:(?<invalid>in)valid user |illegal user )?(?<user>${withoutPort}) from (?<address>\S+) port \d+(?: on \S+)? ssh1(?:: ruser ${withoutPort})?$`,
    failure('authentication-failure'),
  ),
  rule('valid user ', String.raw`Invalid user (?<user>.*) from (?<address>\S+)${end}`, failure('invalid-user')),
  rule('llegal user ', String.raw`[Ii]llegal user (?<user>.*) from (?<address>\S+)${end}`, failure('invalid-user')),
  rule(
    'sshd:auth): authentication failure;',
    String.raw`pam_[a-z]+\(sshd:auth\): authentication failure; logname=\S* uid=\d* euid=\d* tty=\S* ruser=\S* rhost=(?<address>\S+)(?:\s+user=(?<user>.*?))?(?: \[preauth\])?$`,
    failure('pam-failure'),
  ),
  rule(
    'uthentication ',
    String.raw`[aA]uthentication (?:failure|error|failed) for (?:illegal user |invalid user )?(?<user>.*) from (?<address>\S+?)(?: via \S+)?${end}`,
    failure('pam-error'),
  ),
  rule(
    'underlying authentication module for ',
    String.raw`User not known to the underlying authentication module for (?:illegal user |invalid user )?(?<user>.*) from (?<address>\S+)${end}`,
    failure('pam-error'),
  ),
  rule(
    ' not allowed because ',
    String.raw`User (?<user>.*) from (?<address>\S+)(?: port \d+)? not allowed because `,
    failure('user-not-allowed'),
  ),
  rule(
    'ROOT LOGIN REFUSED FROM ',
    String.raw`ROOT LOGIN REFUSED FROM (?<address>\S+)${end}`,
    failure('user-not-allowed'),
  ),
  rule(
    'maximum authentication attempts exceeded for ',
    String.raw`maximum authentication attempts exceeded for (?:(?<invalid>in)valid user )?(?<user>.*) from (?<address>\S+) port \d+(?: ssh2)?(?: \[preauth\])?$`,
    failure('too-many-failures'),
  ),
  rule(
    ' user ',
    String.raw`(?:Connection (?:closed|reset) by|Disconnected from) ${preauthUser}(?<user>.*) (?<address>\S+) port \d+(?: \[preauth\])?$`,
    failure('preauth-disconnect'),
  ),
  // The client's second user name stands behind the address here, and may be cut off anywhere.
  rule(
    ': Change of username ',
    String.raw`Disconnecting ${preauthUser}(?<user>${withoutPort}) (?<address>\S+) port \d+: Change of username ${withoutPort}$`,
    failure('preauth-disconnect'),
  ),
  rule(': Change of username ', 'Disconnecting ', { kind: undefined, outcome: 'failure' }),
  rule(
    ': Too many authentication failures',
    String.raw`Disconnecting ${preauthUser}(?<user>.*) (?<address>\S+) port \d+: Too many authentication failures(?: \[preauth\])?$`,
    failure('preauth-disconnect'),
  ),
  rule(
    'Auth fail',
    String.raw`Received disconnect from (?<address>\S+)(?: port \d+)?:\s*3: .*: Auth fail(?: \[preauth\])?$`,
    failure('client-authentication-failure'),
  ),
  rule(
    'refused connect from ',
    String.raw`refused connect from \S+ \((?<address>\S+)\)$`,
    failure('connection-refused'),
  ),
  rule(
    'Bad protocol version ',
    String.raw`Bad protocol version identification '.*' from (?<address>\S+)${end}`,
    failure('protocol-error'),
  ),
  rule(
    ': Connection from ',
    String.raw`(?:banner exchange|ssh_dispatch_run_fatal): Connection from (?<address>\S+)(?: port \d+)?: `,
    failure('protocol-error'),
  ),
  rule(
    'Unable to negotiate with ',
    String.raw`Unable to negotiate with (?<address>\S+)(?: port \d+)?: no matching `,
    failure('protocol-error'),
  ),
]);

/** Programs whose messages {@link parseSshd} reads. */
export const sshdPrograms: readonly string[] = ['sshd', 'sshd-session', 'sshd-auth'];

/** What an sshd message says; `undefined` when it is of no interest or names no address. */
export function parseSshd(line: SyslogLine): LogFinding | undefined {
  const match = rules.match(withoutSeverity(line.message.trimEnd()));
  if (match?.rule.kind === undefined) return undefined;
  const { kind, outcome } = match.rule;
  const address = canonicalAddress(match.group('address') ?? '');
  if (address === undefined) return undefined;
  const [user, method] = [match.group('user'), match.group('method')];
  const unknownUser = match.group('invalid') !== undefined || kind === 'invalid-user';
  return {
    time: line.time,
    domain: 'ssh',
    kind,
    address,
    victim: victimOf(line.host, user),
    outcome,
    fields: fieldsOf(method, unknownUser),
  };
}

function victimOf(host: string | undefined, user: string | undefined): { host?: string; user?: string } {
  if (host === undefined) return user === undefined ? {} : { user };
  return user === undefined ? { host } : { host, user };
}

function fieldsOf(method: string | undefined, unknownUser: boolean): Record<string, string> {
  if (method === undefined) return unknownUser ? { unknownUser: 'true' } : {};
  return unknownUser ? { method, unknownUser: 'true' } : { method };
}

function withoutSeverity(message: string): string {
  const first = message.charCodeAt(0);
  return first === 101 || first === 102 || first === 80
    ? message.replace(/^(?:error: |fatal: )?(?:PAM: )?/, '')
    : message;
}
