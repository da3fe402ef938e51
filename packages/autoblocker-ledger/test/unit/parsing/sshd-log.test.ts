import { describe, expect, it } from 'vitest';
import { parseSshd } from '../../../src/parsing/sshd-log.js';

const parse = (message: string) => {
  const finding = parseSshd({ time: 0, host: 'h', program: 'sshd', pid: '1', message });
  return finding && [finding.kind, finding.address, finding.victim?.user];
};

describe('lines of OpenSSH 9', () => {
  it.each([
    ['Failed password for root from 192.0.2.1 port 4000 ssh2', ['authentication-failure', '192.0.2.1', 'root']],
    [
      'Failed password for invalid user admin from 2001:db8::1 port 4000 ssh2',
      ['authentication-failure', '2001:db8::1', 'admin'],
    ],
    ['Failed none for invalid user  from 192.0.2.1 port 4000 ssh2', ['authentication-failure', '192.0.2.1', '']],
    [
      'Failed keyboard-interactive/pam for bob from 192.0.2.1 port 4 ssh2',
      ['authentication-failure', '192.0.2.1', 'bob'],
    ],
    [
      'Failed publickey for invalid user git from 192.0.2.1 port 4 ssh2: RSA SHA256:abc',
      ['authentication-failure', '192.0.2.1', 'git'],
    ],
    ['Invalid user admin from 192.0.2.1 port 4000', ['invalid-user', '192.0.2.1', 'admin']],
    ['Invalid user  from ::ffff:192.0.2.1 port 4000', ['invalid-user', '192.0.2.1', '']],
    [
      'Accepted publickey for alice from 192.0.2.1 port 4 ssh2: ED25519 SHA256:abc',
      ['authentication-success', '192.0.2.1', 'alice'],
    ],
    [
      'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root',
      ['pam-failure', '192.0.2.1', 'root'],
    ],
    ['error: PAM: Authentication failure for root from 192.0.2.1', ['pam-error', '192.0.2.1', 'root']],
    [
      'error: maximum authentication attempts exceeded for root from 192.0.2.1 port 4 ssh2 [preauth]',
      ['too-many-failures', '192.0.2.1', 'root'],
    ],
    [
      'Connection closed by authenticating user root 192.0.2.1 port 4 [preauth]',
      ['preauth-disconnect', '192.0.2.1', 'root'],
    ],
    ['Disconnected from invalid user admin 192.0.2.1 port 4 [preauth]', ['preauth-disconnect', '192.0.2.1', 'admin']],
    [
      'User root from 192.0.2.1 not allowed because not listed in AllowUsers',
      ['user-not-allowed', '192.0.2.1', 'root'],
    ],
    ['banner exchange: Connection from 192.0.2.1 port 4: invalid format', ['protocol-error', '192.0.2.1', undefined]],
    [
      'Unable to negotiate with 192.0.2.1 port 4: no matching host key type found. Their offer: ssh-dss [preauth]',
      ['protocol-error', '192.0.2.1', undefined],
    ],
  ])('%s', (message, expected) => {
    expect(parse(message)).toEqual(expected);
  });

  it.each([
    ['a key that a user has not registered', 'Failed publickey for git from 192.0.2.1 port 4 ssh2: RSA SHA256:abc'],
    ['a connection that only looked', 'Connection closed by 192.0.2.1 port 4 [preauth]'],
    ['a port monitor', 'Did not receive identification string from 192.0.2.1 port 4'],
    ['a host name, which nobody can block', 'Failed password for root from example.com port 4 ssh2'],
    ['an octal address', 'Failed password for root from 192.030.0.6 port 4 ssh2'],
    ['the end of a session', 'Received disconnect from 192.0.2.1 port 4:11: disconnected by user'],
  ])('%s is no attack', (_, message) => {
    expect(parse(message)).toBeUndefined();
  });
});

describe('user names that look like the rest of the line', () => {
  it.each([
    'root from 10.0.0.1',
    'root from 10.0.0.1 port 22',
    'root from 10.0.0.1 port 22 ssh2',
    'x from 10.0.0.1 port 22 ssh2: y',
    'x from 10.0.0.1 port 22 ssh2 from 10.0.0.2 port 22 ssh2',
    'invalid user x from 10.0.0.1 port 22 ssh2',
    ' from 10.0.0.1 port 22 ssh1: ruser z',
    '10.0.0.1 port 22 [preauth]',
    'x 10.0.0.1 port 22: y [preauth]',
    'x from 10.0.0.1 not allowed because not listed in AllowUsers',
    'x from 10.0.0.1 via 10.0.0.2',
  ])('%j never moves the blame', (user) => {
    for (const message of [
      `Failed password for invalid user ${user} from 192.0.2.1 port 4000 ssh2`,
      `Failed none for invalid user ${user} from 192.0.2.1 port 4000 ssh2`,
      `Failed publickey for invalid user ${user} from 192.0.2.1 port 4000 ssh2: RSA SHA256:abc`,
      `Invalid user ${user} from 192.0.2.1 port 4000`,
      `Connection closed by invalid user ${user} 192.0.2.1 port 4000 [preauth]`,
      `Disconnecting invalid user ${user} 192.0.2.1 port 4000: Too many authentication failures [preauth]`,
      `User ${user} from 192.0.2.1 not allowed because not listed in AllowUsers`,
      `error: maximum authentication attempts exceeded for invalid user ${user} from 192.0.2.1 port 4 ssh2 [preauth]`,
      `error: PAM: Authentication failure for illegal user ${user} from 192.0.2.1`,
    ]) {
      expect([message, parse(message)?.[1]]).toEqual([message, '192.0.2.1']);
    }
  });
});

describe('what a client says behind its address', () => {
  const disconnecting = (user: string, reason: string) =>
    `Disconnecting invalid user ${user} 192.0.2.1 port 4000: ${reason} [preauth]`;
  const change = (user: string) =>
    `Change of username or service not allowed: (eve,ssh-connection) -> (${user},ssh-connection)`;

  it('is no address', () => {
    expect(parse(disconnecting('eve', change('bob')))).toEqual(['preauth-disconnect', '192.0.2.1', 'eve']);
    expect(parse(disconnecting('eve', 'Too many authentication failures'))?.[1]).toBe('192.0.2.1');
    expect(
      parse(
        'Failed hostbased for invalid user eve from 192.0.2.1 port 4 ssh2: RSA SHA256:abc, client user "root", client host "h"',
      ),
    ).toEqual(['authentication-failure', '192.0.2.1', 'eve']);
    expect(parse('Failed rsa for root from 192.0.2.1 port 4 ssh1: ruser eve')?.[1]).toBe('192.0.2.1');
  });

  it.each([
    disconnecting('eve', change('x 10.0.0.1 port 22: y')),
    disconnecting('eve', change('x 10.0.0.1 port 22')),
    disconnecting('x 10.0.0.1 port 22: y', change('bob')),
    // sshd cuts a reason after 200 bytes: the client chooses where.
    disconnecting('eve', change('x 10.0.0.1 port 22').slice(0, -',ssh-connection)'.length)),
    disconnecting(
      'eve',
      change('x 10.0.0.1 port 22: Too many authentication failures').slice(0, -',ssh-connection)'.length),
    ),
    'Failed hostbased for a b from 192.0.2.1 port 4 ssh2: RSA SHA256:a, client user " from 10.0.0.1 port 22 ssh1: ruser ", client host "h"',
    'Failed rsa for root from 192.0.2.1 port 4 ssh1: ruser x from 10.0.0.1 port 22 ssh1',
  ])('never moves the blame: %s', (message) => {
    expect(parse(message)?.[1]).not.toBe('10.0.0.1');
  });
});
