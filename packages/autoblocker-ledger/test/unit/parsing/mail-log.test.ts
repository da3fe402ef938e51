import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AutoblockerLedger, StdinSource } from '../../../src/index.js';
import { LogLineParser } from '../../../src/parsing/index.js';

const stamp = '2026-11-23T08:00:00+00:00 mx ';

function parsed(message: string) {
  const parser = new LogLineParser('mail.log', { newestTime: () => Date.UTC(2026, 11), utcOffsetMinutes: 0 });
  const text = `${stamp}${message}`;
  const line = parser.parse({ text, offset: 0, end: text.length, cut: false, garbled: false });
  const event = line?.event;
  if (event === undefined) return line?.parser;
  return [event.domain, event.kind, event.outcome, (event.actor[0] as { value: string }).value, event.victim?.user];
}

const failed = 'authentication-failure';
const cases: readonly [string, readonly unknown[] | string][] = [
  [
    'dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<ann>, method=PLAIN, rip=203.0.113.5, lip=192.0.2.1, TLS: Connection closed, session=<x1/y>',
    ['mail', failed, 'failure', '203.0.113.5', 'ann'],
  ],
  [
    'dovecot: imap-login: Login aborted: Connection closed (auth failed, 3 attempts in 9 secs) (auth_failed): user=<ann@example.org>, method=PLAIN, rip=2001:db8::5, lip=2001:db8::1, TLS, session=<x>',
    ['mail', failed, 'failure', '2001:db8::5', 'ann@example.org'],
  ],
  [
    'dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=203.0.113.5, lip=192.0.2.1, mpid=77, TLS, session=<x>',
    ['mail', 'authentication-success', 'success', '203.0.113.5', 'ann'],
  ],
  [
    'dovecot: auth: passwd-file(ann,203.0.113.5,<x1/y>): unknown user',
    ['mail', 'auth-database-failure', 'failure', '203.0.113.5', 'ann'],
  ],
  [
    'dovecot: auth-worker(77): conn unix:auth-worker (pid=1,uid=97): auth-worker<5>: pam(ann,203.0.113.5): pam_authenticate() failed: Authentication failure (Password mismatch?)',
    ['mail', 'auth-database-failure', 'failure', '203.0.113.5', 'ann'],
  ],
  [
    'auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=ann rhost=203.0.113.5  user=ann',
    ['mail', 'pam-failure', 'failure', '203.0.113.5', 'ann'],
  ],
  [
    'postfix/submission/smtpd[7]: warning: unknown[203.0.113.5]: SASL LOGIN authentication failed: (reason unavailable), sasl_username=ann',
    ['mail', failed, 'failure', '203.0.113.5', 'ann'],
  ],
  [
    'postfix/smtps/smtpd[7]: 4F2A81: client=host.example.org[203.0.113.5], sasl_method=PLAIN, sasl_username=ann@example.org',
    ['mail', 'authentication-success', 'success', '203.0.113.5', 'ann@example.org'],
  ],
  [
    'postfix/smtpd[7]: too many errors after AUTH from unknown[203.0.113.5]',
    ['mail', 'too-many-failures', 'failure', '203.0.113.5', undefined],
  ],
  ['dovecot: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=203.0.113.5, lip=192.0.2.1', 'mail'],
  [
    'postfix/smtpd[7]: warning: unknown[203.0.113.5]: SASL LOGIN authentication failed: Connection lost to authentication server',
    'mail',
  ],
  ['postfix/qmgr[7]: 4F2A81: removed', 'syslog'],
];

describe('lines of Dovecot and Postfix', () => {
  it.each(cases)('%s', (message, expected) => {
    expect(parsed(message)).toEqual(expected);
  });

  const forms: readonly ((user: string) => string)[] = [
    (user) =>
      `dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<${user}>, method=PLAIN, rip=203.0.113.5, lip=192.0.2.1, TLS, session=<a>`,
    (user) => `dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<${user}>, method=PLAIN, rip=, lip=`,
    (user) => `dovecot: pop3-login: Login: user=<${user}>, method=PLAIN, rip=203.0.113.5, lip=192.0.2.1, mpid=1, TLS`,
    (user) => `dovecot: auth: passwd-file(${user},203.0.113.5,<a>): unknown user`,
    (user) => `dovecot: auth: pam(${user},203.0.113.5,<a>): pam_authenticate() failed: Permission denied`,
    (user) =>
      `auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=${user} rhost=203.0.113.5  user=${user}`,
    (user) =>
      `postfix/smtpd[1]: warning: unknown[203.0.113.5]: SASL LOGIN authentication failed: UGFzc3dvcmQ6, sasl_username=${user}`,
    (user) => `postfix/smtpd[1]: 4F2A: client=unknown[203.0.113.5], sasl_method=PLAIN, sasl_username=${user}`,
  ];
  const victim = '198.51.100.66';
  const piece = fc.oneof(
    fc.constantFrom(
      `>, rip=${victim}`,
      `>, method=PLAIN, rip=${victim}, lip=1.2.3.4`,
      ` rhost=${victim}`,
      ` rhost=${victim}  user=x`,
      `,${victim},<a>): unknown user`,
      `,${victim}): unknown user`,
      `[${victim}]: SASL LOGIN authentication failed: x`,
      ` client=unknown[${victim}], sasl_method=PLAIN, sasl_username=x`,
      ' (auth failed, 1 attempts): user=<x',
      'warning: ',
    ),
    fc.string({ maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, '')),
  );

  it('name the true address or none, whatever a client calls itself', () => {
    let named = 0;
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.array(piece, { maxLength: 5 }), (form, pieces) => {
        const event = parsed(form(pieces.join('')));
        if (!Array.isArray(event)) return;
        named += 1;
        expect(event[3]).toBe('203.0.113.5');
      }),
      { numRuns: 5000 },
    );
    expect(named).toBeGreaterThan(500);
  });

  it('are read in no time, hostile ones of 8 KiB too', () => {
    for (const form of forms) {
      for (const part of [' (auth failed, 1 attempts): user=<', '>, rip=1.2.3.4', 'a,1.1.1.1,', ' rhost=1 ', '): ']) {
        const started = process.cpuUsage().user;
        parsed(`${form(part.repeat(Math.ceil(8000 / part.length)))}!`);
        // Milliseconds: what is exponential here would not end at all.
        expect((process.cpuUsage().user - started) / 1000).toBeLessThan(2000);
      }
    }
  });
});

describe('who guesses at mail', () => {
  it('is banned, and who mistypes and gets in is not', async () => {
    const line = (second: number, address: string, what: string) =>
      `2026-11-23T08:00:${String(second).padStart(2, '0')}Z mx dovecot: imap-login: ${what}: user=<ann>, method=PLAIN, rip=${address}, lip=192.0.2.1, TLS\n`;
    const wrong = 'Disconnected (auth failed, 1 attempts in 2 secs)';
    const lines = Array.from(
      { length: 6 },
      (_, n) => line(n, '203.0.113.5', wrong) + (n < 5 ? line(n, '203.0.113.6', wrong) : ''),
    );
    lines.push(line(6, '203.0.113.6', 'Login'), line(7, '203.0.113.6', wrong));
    async function* log() {
      yield Buffer.from(lines.join(''));
    }
    await using ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events' });
    await ledger.readLogs([new StdinSource(log())]);
    expect(ledger.isBlocked('203.0.113.5', 'ssh')?.scenario.name).toBe('tenstrip/mail-bf');
    expect(ledger.isBlocked('203.0.113.6')).toBeUndefined();
  });
});
