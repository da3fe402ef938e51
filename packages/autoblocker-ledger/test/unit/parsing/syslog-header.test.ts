import { describe, expect, it } from 'vitest';
import { SyslogHeader } from '../../../src/parsing/syslog-header.js';

const newestTime = Date.UTC(2026, 10, 23, 12);
const header = (utcOffsetMinutes = 0) => new SyslogHeader({ newestTime: () => newestTime, utcOffsetMinutes });
const time = (line: string, utcOffsetMinutes = 0) => {
  const parsed = header(utcOffsetMinutes).parse(line);
  return parsed === undefined ? undefined : new Date(parsed.time).toISOString();
};

describe('a stamp without a year', () => {
  it.each([
    ['Nov 23 11:59:59', '2026-11-23T11:59:59.000Z'],
    ['Nov  1 00:00:00', '2026-11-01T00:00:00.000Z'],
    ['Nov 1 00:00:00', '2026-11-01T00:00:00.000Z'],
    ['Jan  1 00:00:00', '2026-01-01T00:00:00.000Z'],
    // A day of tolerance for clocks and zones; later dates are of the year before.
    ['Nov 24 11:00:00', '2026-11-24T11:00:00.000Z'],
    ['Nov 24 13:00:00', '2025-11-24T13:00:00.000Z'],
    ['Dec 10 06:55:46', '2025-12-10T06:55:46.000Z'],
    // The newest leap year that has passed.
    ['Feb 29 01:02:03', '2024-02-29T01:02:03.000Z'],
  ])('%s is %s', (stamp, expected) => {
    expect(time(`${stamp} host sshd[1]: x`)).toBe(expected);
  });

  it('is read in the zone of its source', () => {
    expect(time('Nov 23 11:00:00 host sshd[1]: x', 120)).toBe('2026-11-23T09:00:00.000Z');
    expect(time('Nov 23 11:00:00 host sshd[1]: x', -330)).toBe('2026-11-23T16:30:00.000Z');
  });

  it.each(['Feb 30 01:02:03', 'Foo 10 01:02:03', 'Nov 23 24:00:00', 'Nov 23 10:60:00', 'Nov 0 10:00:00'])(
    '%s is no date',
    (stamp) => {
      expect(time(`${stamp} host sshd[1]: x`)).toBeUndefined();
    },
  );
});

describe('a stamp with a year', () => {
  it.each([
    ['2026-11-23T18:47:41.123456+01:00 host sshd[1]: x', '2026-11-23T17:47:41.123Z'],
    ['2026-11-23T18:47:41Z host sshd[1]: x', '2026-11-23T18:47:41.000Z'],
    ['2026-11-23 18:47:41,5 host sshd[1]: x', '2026-11-23T18:47:41.500Z'],
    ['2026-11-23T18:47:41-0530 host sshd[1]: x', '2026-11-24T00:17:41.000Z'],
    ['<38>1 2019-07-08T17:40:16.954167-04:00 h.example.com sshd 57915 - - m', '2019-07-08T21:40:16.954Z'],
  ])('%s', (line, expected) => {
    expect(time(line)).toBe(expected);
  });

  it.each(['2026-13-23T18:47:41Z host sshd[1]: x', '2026-02-30T25:47:41Z host sshd[1]: x'])('%s is no date', (line) => {
    expect(time(line)).toBeUndefined();
  });
});

describe('what stands before the message', () => {
  it.each([
    ['Nov 23 10:00:00 web-1 sshd[42]: hello: world', ['web-1', 'sshd', '42', 'hello: world']],
    ['<34>Nov 23 10:00:00 web-1 sshd[42]: hello', ['web-1', 'sshd', '42', 'hello']],
    ['Nov 23 10:00:00 sshd[42]: no host', [undefined, 'sshd', '42', 'no host']],
    ['Nov 23 10:00:00 [sshd]: brackets', [undefined, 'sshd', undefined, 'brackets']],
    ['Nov 23 10:00:00 host sshd-session[7]: newer OpenSSH', ['host', 'sshd-session', '7', 'newer OpenSSH']],
    ['Nov 23 10:00:00 host sshd[7]: [ID 800047 auth.info] Solaris', ['host', 'sshd', '7', 'Solaris']],
    [
      '<38>1 2019-07-08T17:40:17Z host sshd 5 - [a b="1"][x@1 t="[]\\"]"] structured',
      ['host', 'sshd', '5', 'structured'],
    ],
  ])('%s', (line, [host, program, pid, message]) => {
    expect(header().parse(line)).toMatchObject({ host, program, pid, message });
  });

  it.each(['', 'Nov', 'hello world', 'Nov 23 10:00:00', 'Nov 23 10:00:00 host', '<999', '127.0.0.1 - - [x]'])(
    '%j is no syslog',
    (line) => {
      expect(header().parse(line)).toBeUndefined();
    },
  );
});
