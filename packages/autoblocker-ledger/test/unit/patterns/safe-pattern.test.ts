import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { GrokExpression, SafePattern } from '../../../src/patterns/index.js';

function compiled(text: string): SafePattern {
  const pattern = SafePattern.compile(text);
  if ('problem' in pattern) throw new Error(pattern.problem);
  return pattern;
}

describe('SafePattern', () => {
  // Facts of RE2's syntax, where it differs from JavaScript's or has something of its own.
  it.each<[string, string, boolean]>([
    ['\\Aab\\z', 'ab', true],
    ['\\Aab\\z', 'ab\n', false],
    ['^a$', 'a\n', false],
    ['(?m)^b$', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['(?s)a.b', 'a\nb', true],
    ['a.b', 'a\rb', true],
    ['(?i)failed', 'FaiLED', true],
    ['(?i:F)ailed', 'fAiled', false],
    ['x(?i)y', 'xY', true],
    ['x(?i)y', 'XY', false],
    ['(?i)[a-c]+é$', 'ABCÉ', true],
    ['[[:digit:]]+', '42', true],
    ['^[[:^alpha:]]+$', '42-', true],
    ['^\\s$', '\v', false],
    ['^\\s$', '\u00a0', false],
    ['^\\d$', '٣', false],
    ['\\Qa.b\\E', 'axb', false],
    ['\\x41\\x{42}', 'AB', true],
    ['\\101', 'A', true],
    ['^\\x{1f600}$', '\u{1f600}', true],
    ['^\\p{Lu}\\pN$', 'Ä1', true],
    ['^[]a]+$', ']a', true],
    ['(?P<name>a)(?<other>b)', 'ab', true],
    ['^(?U)a+$', 'aaa', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(compiled(pattern).test(text)).toBe(expected);
  });

  it.each([
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?>a)',
    '(a)\\1',
    'a**',
    'a{2000}',
    '[b-a]',
    '(a',
    'a)',
    '[a',
    '\\',
    '*',
    '(?z)',
    '\\p{Nope}',
    '[[:nope:]]',
  ])('refuses %s, as RE2 does', (pattern) => {
    expect(SafePattern.compile(pattern)).toHaveProperty('problem');
  });

  it.each<[string, string]>([
    ['^(a+)+$', `${'a'.repeat(8000)}!`],
    ['^(a|a)*$', `${'a'.repeat(8000)}!`],
    ['^(a|b|ab)*c', 'ab'.repeat(4000)],
    ['(x+x+)+y', 'x'.repeat(8000)],
    ['(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)z$', 'a'.repeat(8000)],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'.repeat(8000)],
    ['\\d+\\s*\\d+\\s*\\d+\\s*x', '1'.repeat(8000)],
    ['(?:\\.[a-z]+)*(?:\\.?|\\b)(?:[a-z]+\\.)*!', 'a.'.repeat(4000)],
  ])('%s comes to an end', (pattern, text) => {
    const started = performance.now();
    expect(compiled(pattern).test(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('knows which patterns backtracking is safe for', () => {
    expect(compiled('^[^"]*"[^"]*"$').degree).toBe(1);
    expect(compiled('^(?:[^"\\\\]|\\\\.)*"$').degree).toBe(1);
    expect(compiled('^(?:/[a-z]*)+ ').degree).toBe(1);
    expect(compiled('^(a+)+$').degree).toBe(Number.POSITIVE_INFINITY);
    expect(compiled('.*.*.*.*a').degree).toBeGreaterThanOrEqual(4);
  });

  it('asks for the texts that every match holds', () => {
    expect(compiled('Failed \\w+ for (?:invalid )?user (.*) from').literals).toEqual([
      'Failed ',
      ' for ',
      'user ',
      ' from',
    ]);
    expect(compiled('Failed (a|b)').test('failed a')).toBe(false);
  });
});

describe('GrokExpression', () => {
  const parse = (grok: string, text: string, own?: ReadonlyMap<string, string>) => {
    const expression = GrokExpression.compile(grok, own);
    if ('problem' in expression) throw new Error(expression.problem);
    const found = expression.parse(text);
    return found && Object.fromEntries(found);
  };

  it('takes a syslog line apart', () => {
    const line = 'Nov 23 18:47:41 host-1.example sshd[4242]: Failed password for root from 192.0.2.1 port 22 ssh2';
    expect(parse('^%{SYSLOGLINE}', line)).toMatchObject({
      timestamp: 'Nov 23 18:47:41',
      logsource: 'host-1.example',
      program: 'sshd',
      pid: '4242',
      message: 'Failed password for root from 192.0.2.1 port 22 ssh2',
    });
  });

  // RFC 4291 and 5952.
  it.each([
    '192.0.2.255',
    '::',
    '::1',
    '2001:db8::1',
    '2001:db8:0:0:1:0:0:1',
    'fe80::1%eth0',
    '::ffff:192.0.2.209',
    '1::2:3:4:5:6:7',
    '1:2:3:4:5:6:7::',
  ])('reads the address %s whole', (address) => {
    expect(parse('^%{IP:ip}$', address)).toEqual({ ip: address });
  });

  it.each(['256.1.1.1', '1.2.3', '1:2:3:4:5:6:7', '1::2::3', 'g::'])('takes %s for no address', (text) => {
    expect(parse('^%{IP:ip}$', text)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['TIMESTAMP_ISO8601', '2024-02-16T12:24:19.123+02:00'],
    ['HTTPDATE', '10/Oct/2000:13:55:36 -0700'],
    ['SYSLOGTIMESTAMP', 'Feb  5 17:32:18'],
    ['EMAILADDRESS', 'a.b+c@example.org'],
    ['QUOTEDSTRING', '"a \\" b"'],
    ['MAC', '00:1b:44:11:3a:b7'],
    ['URI', 'https://user@example.org:8080/path?x=1'],
    ['NUMBER', '-12.5'],
    ['UUID', '123e4567-e89b-12d3-a456-426614174000'],
  ])('%s takes all of %s', (name, text) => {
    expect(parse(`^%{${name}:it}$`, text)).toMatchObject({ it: text });
  });

  it('gives a field named twice the text of its last place, and an outer field precedence', () => {
    expect(parse('%{WORD:a} %{INT:a}', 'x 1')).toEqual({ a: '1' });
    expect(parse('(?:%{WORD:a}|%{INT:a})', 'x')).toEqual({ a: '' });
    expect(parse('%{PAIR} %{WORD:k}', 'x=1 y', new Map([['PAIR', '%{WORD:k}=%{INT:v}']]))).toEqual({ k: 'y', v: '1' });
  });

  it('needs a field to match, and refuses what it does not know', () => {
    expect(parse('abc', 'abc')).toBeUndefined();
    expect(GrokExpression.compile('%{NOPE:x}')).toMatchObject({ problem: 'the pattern %{NOPE} is not defined', at: 0 });
    expect(GrokExpression.compile('%{A}', new Map([['A', '%{A}']]))).toHaveProperty('problem');
    expect(GrokExpression.compile('%{A:x}', new Map([['A', '(?=b)']]))).toHaveProperty('problem');
  });
});
