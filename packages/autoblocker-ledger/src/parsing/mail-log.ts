// What Dovecot (login-common, auth) and Postfix (smtpd with SASL) say about logins, as Debian's syslog has it.
// Names are the attacker's to choose, `x>, rip=192.0.2.1` included. Each expression is anchored at both ends: the address comes
// before the name (Postfix), after it, so that the last one counts (Dovecot's logins), or the name may hold nothing that
// ends it (Dovecot's databases, PAM). A name that does is no event, which is better than a wrong address.

import { canonicalAddress } from '../lookup/index.js';
import { LiteralPrefilter, type LiteralRule } from './literal-prefilter.js';
import type { LogFinding } from './log-event.js';
import type { SyslogLine } from './syslog-header.js';

interface MailRule {
  readonly kind: string;
  readonly outcome: 'failure' | 'success';
}

const rule = (literal: string, expression: string, meaning: MailRule): LiteralRule<MailRule> => ({
  literal,
  expression: `^${expression}$`,
  rule: meaning,
});
const failure = (kind: string): MailRule => ({ kind, outcome: 'failure' });
const success: MailRule = { kind: 'authentication-success', outcome: 'success' };

/** Dovecot's own place of logging puts a level before the message. */
const login = '(?:(?:imap|pop3|managesieve|submission)-login: )?(?:Info: )?';
const whoFrom = String.raw`(?:user=<(?<user>.*)>, )?(?:method=\S+, )?rip=(?<address>[^\s,]*)(?:, .*)?`;
const ended = '(?:Disconnected|Aborted login|Login aborted|Client has quit the connection|Remote closed connection)';
const authentication = String.raw`(?:auth(?:-worker\(\d+\)|\(default\))?: )?(?:Info: )?(?:conn \S+ \([^)]*\): auth-worker<\d+>: )?`;
const wrong = String.raw`(?:unknown user|[Pp]assword mismatch|invalid credentials|pam_authenticate\(\) failed: [A-Z][\w ]*(?: \([Pp]assword mismatch\?\))?)`;
const passwordDigest = String.raw`(?: \(for LDAP bind\))?(?: \(SHA1 of given password: [0-9a-f]+\))?`;
const client = String.raw`[^\s[\]]+\[(?<address>[^\]]*)\](?::\d+)?`;
/** Postfix's own trouble, or a client that asks for a mechanism that is not offered. */
const noLogin = '(?! Connection lost to authentication server| Invalid authentication mechanism)';

/** In order of precedence. `user` and `address` are named groups. */
const dovecot = new LiteralPrefilter<MailRule>([
  rule(
    'auth failed',
    String.raw`${login}${ended}(?:: .*?)? \((?:auth failed, \d+ attempts(?: in \d+ secs)?|proxy dest auth failed)\)(?: \(auth_failed\))?: ${whoFrom}`,
    failure('authentication-failure'),
  ),
  rule(
    '(tried to use dis',
    String.raw`${login}${ended}(?:: .*?)? \(tried to use dis(?:abled|allowed) \w+ auth\): ${whoFrom}`,
    failure('protocol-error'),
  ),
  rule('rip=', `${login}(?:Login|Logged in): ${whoFrom}`, success),
  rule(
    '): ',
    String.raw`${authentication}[\w-]+\((?<user>[^,()]*),(?<address>[^,()<>]*)(?:,(?:<[^<>]*>)?)?\): ${wrong}${passwordDigest}`,
    failure('auth-database-failure'),
  ),
  rule(
    'dovecot:auth): authentication failure;',
    String.raw`(?:auth(?:-worker)?: )?pam_[a-z]+\(dovecot:auth\): authentication failure; logname=\S* uid=\d* euid=\d* tty=\S* ruser=(?<user>\S*) rhost=(?<address>\S+)(?:\s+user=\S*)?`,
    failure('pam-failure'),
  ),
]);

const postfix = new LiteralPrefilter<MailRule>([
  rule(
    ' authentication failed:',
    String.raw`warning: ${client}: SASL [\w-]+ authentication failed:${noLogin}.*?(?:, sasl_username=(?<user>.*))?`,
    failure('authentication-failure'),
  ),
  rule(
    ', sasl_username=',
    String.raw`[0-9A-Za-z]+: client=${client}, sasl_method=[\w-]+, sasl_username=(?<user>[^\s,]+)(?:, .*)?`,
    success,
  ),
  rule('too many errors after AUTH from ', `too many errors after AUTH from ${client}`, failure('too-many-failures')),
]);

const dovecotProgram = /^(?:dovecot|dovecot-auth|auth|(?:imap|pop3|managesieve|submission)-login)$/;
const postfixProgram = /^postfix[\w.-]*(?:\/[\w.-]+)*\/smtpd$/;

/** What reads the messages of a program; `undefined` when it serves no mail. */
export function mailRulesOf(program: string): LiteralPrefilter<MailRule> | undefined {
  if (dovecotProgram.test(program)) return dovecot;
  return postfixProgram.test(program) ? postfix : undefined;
}

/** What a message of a mail server says; `undefined` when it is of no interest or names no address. */
export function parseMail(line: SyslogLine, rules: LiteralPrefilter<MailRule>): LogFinding | undefined {
  const match = rules.match(line.message.trimEnd());
  const address = canonicalAddress(match?.group('address') ?? '');
  if (match === undefined || address === undefined) return undefined;
  const { kind, outcome } = match.rule;
  const user = match.group('user');
  const victim = {
    ...(line.host === undefined ? {} : { host: line.host }),
    ...(user === undefined || user === '' ? {} : { user }),
  };
  return { time: line.time, domain: 'mail', kind, address, victim, outcome, fields: {} };
}
