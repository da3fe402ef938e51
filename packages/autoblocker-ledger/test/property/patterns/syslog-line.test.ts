import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GrokExpression } from '../../../src/patterns/grok-expression.js';
import type { SafePattern } from '../../../src/patterns/safe-pattern.js';
import { SyslogLineReader } from '../../../src/patterns/syslog-line.js';

const compiled = GrokExpression.compile('^%{SYSLOGLINE}') as GrokExpression;
const expression: SafePattern = compiled.pattern;

const often = <T>(usual: readonly T[], odd: readonly T[]) =>
  fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });
const two = often(['01', '07', '12', '11', '10'], ['00', '19', '23', '24', '31', '59', '60', '7', 'x1']);
const clock = fc.tuple(two, two, two).map((parts) => parts.join(':'));
const stamp = fc.oneof(
  fc
    .tuple(often(['2026'], ['26', '0999']), two, two, often(['T'], [' ']), clock)
    .chain(([year, month, day, between, time]) =>
      fc
        .tuple(often(['', '.123456'], [',5', '.', ':30']), often(['Z', '+01:00'], ['-0800', '', '+24:00', '+1']))
        .map(([fraction, zone]) => `${year}-${month}-${day}${between}${time}${fraction}${zone}`),
    ),
  fc
    .tuple(often(['Nov', 'Jun'], ['June', 'Xyz', 'nov']), often([' '], ['  ']), two, clock)
    .map(([month, spaces, day, time]) => `${month}${spaces}${day} ${time}`),
);
const host = often(['web', 'web-1.example', '10.0.0.1'], ['fe80::1%eth0', '-x', 'a:b', '', '<3.4> web', 'wéb']);
const program = fc.oneof(
  often(['sshd[42]:', 'sshd:', 'kernel:', 'a:b[7]:'], ['[x]:', ':', 'sshd[042]:', 'sshd[]:', 'sshd', 'a[1]b[2]:']),
  fc.string({ unit: fc.constantFrom('a', ':', '[', ']', '1', ' ', '0', '\\', '~'), maxLength: 6 }),
);
const message = fc.constantFrom('Failed password', '', ' two', 'a: b[1]: c', 'line\nmore', '\u2028x', 'é');
const line = fc
  .tuple(
    stamp,
    fc.constantFrom(' ', '  ', ''),
    host,
    fc.constantFrom(' ', ''),
    program,
    fc.constantFrom(' ', ''),
    message,
  )
  .map((parts) => parts.join(''));

describe('SyslogLineReader', () => {
  it('gives of every line that it answers for what the expression gives', () => {
    const reader = new SyslogLineReader();
    let answers = 0;
    fc.assert(
      fc.property(line, (text) => {
        const read = reader.read(text);
        if (read === undefined) return;
        answers += 1;
        expect(reader.places.map((place) => read[place])).toEqual(expression.exec(text)?.slice(1));
      }),
      { numRuns: 20_000 },
    );
    expect(answers).toBeGreaterThan(300);
  });

  it('answers for lines as rsyslog and journald write them, again and again', () => {
    const reader = new SyslogLineReader();
    const lines = [
      '2026-11-23T18:47:41.123456+00:00 web sshd[4242]: Failed password for root',
      '2026-11-23T18:47:42Z web sshd[4243]: Connection closed',
      'Nov 23 18:47:41 web sudo: anna : TTY=pts/0',
      'Nov  3 18:47:41 db-1.example kernel: [1.0] eth0',
    ];
    for (const text of [...lines, ...lines]) {
      const read = reader.read(text);
      expect(read && reader.places.map((place) => read[place])).toEqual(expression.exec(text)?.slice(1));
      expect(read).toBeDefined();
    }
  });
});

describe('%{IPV6}', () => {
  it('is what the forms of RFC 3986 are, tried one after the other', () => {
    const group = '[0-9A-Fa-f]{1,4}';
    const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})';
    const lastBits = `(?:${group}:${group}|${octet}(?:\\.${octet}){3})`;
    const before = (groups: number) => (groups === 0 ? '' : `(?:(?:${group}:){0,${groups - 1}}${group})?`);
    const forms = [5, 4, 3, 2, 1, 0].map((groups, index) => `${before(index)}::(?:${group}:){${groups}}${lastBits}`);
    const all = [`(?:${group}:){6}${lastBits}`, ...forms, `${before(6)}::${group}`, `${before(7)}::`];
    const reference = new RegExp(`(?:${all.join('|')})(?:%[0-9A-Za-z._~-]+)?`);
    const written = (GrokExpression.compile('%{IPV6:a}') as GrokExpression).pattern;
    const text = fc
      .array(fc.constantFrom('1', 'ab', 'f0', '12345', ':', '::', ':1', '1.2.3.4', '%e', 'g'), { maxLength: 16 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (subject) => {
        expect(written.exec(subject)?.[0]).toBe(reference.exec(subject)?.[0]);
      }),
      { numRuns: 20_000 },
    );
  });
});
