import { describe, expect, it } from 'vitest';
import { compileExpression, EvaluationFailure, ruleVocabulary } from '../../../src/expressions/index.js';

const files = { lines: new Map([['bots.txt', ['curl', 'wget']]]), patterns: new Map(), maps: new Map() };
const vocabulary = ruleVocabulary(['evt', 'list', 'n'], new Map([['evt', new Set(['Meta', 'Unmarshaled', 'Time'])]]), {
  files,
  stash: { get: (name, key) => `${name}/${key}` },
});

const scope = {
  evt: {
    Meta: new Map([
      ['service', 'ssh'],
      ['source_ip', '192.0.2.7'],
    ]),
    Unmarshaled: { log: { status: 401, proto: 'HTTP/1.1', names: ['a', 'b'] } },
    Time: new Date('2024-02-17T10:30:00Z'),
  },
  list: [1, 2, 3, 4],
  n: 5,
};

function value(text: string): unknown {
  const compiled = compileExpression(text, vocabulary);
  if ('problem' in compiled) throw new Error(`${text}: ${compiled.problem}`);
  return compiled.evaluate(scope);
}

describe('expressions', () => {
  // Facts of expr-lang.org/docs/language-definition.
  it.each<[string, unknown]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ** 3 ** 2', 512],
    ['2 ^ 3', 8],
    ['10 % 4', 2],
    ['-2 * 3', -6],
    ['1_000 + 0x10', 1016],
    ['"foo" + \'bar\'', 'foobar'],
    ['`raw\\n`', 'raw\\n'],
    ['"tab\\t"', 'tab\t'],
    ['"\\u0041\\x42"', 'AB'],
    ['true && !false', true],
    ['true and not false or false', true],
    ['1 < 2 && 2 >= 2', true],
    ['"hello" contains "ell"', true],
    ['"hello" not contains "ell"', false],
    ['"hello" startsWith "he"', true],
    ['"hello" endsWith "lo"', true],
    ['"foo42" matches "^[a-z]+[0-9]+$"', true],
    ['2 in [1, 2]', true],
    ['3 not in [1, 2]', true],
    ['"a" in {"a": 1}', true],
    ['n > 3 ? "big" : "small"', 'big'],
    ['nil ?? 3', 3],
    ['1..3', [1, 2, 3]],
    ['list[1:3]', [2, 3]],
    ['list[-1]', 4],
    ['list[:2]', [1, 2]],
    ['any(list, {# > 3})', true],
    ['all(list, {# > 3})', false],
    ['none(list, {# > 9})', true],
    ['one(list, {# == 3})', true],
    ['filter(list, {# % 2 == 0})', [2, 4]],
    ['map(list, {# * 2})', [2, 4, 6, 8]],
    ['count(list, # > 1)', 3],
    ['find(list, {# > 2})', 3],
    ['len("añb")', 4],
    ['let x = 2; x * x', 4],
    ['if n > 3 { "yes" } else if n > 1 { "perhaps" } else { "no" }', 'yes'],
    ['"hello" | Upper()', 'HELLO'],
    ['1 /* one */ + 1 // two', 2],
    ['int("42") + 1', 43],
    ['string(1.5)', '1.5'],
    ['get({"a": 1}, "b")', null],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ['evt.Meta.service == "ssh" and "source_ip" in evt.Meta', true],
    ['evt.Meta.absent', ''],
    ['evt.Unmarshaled.absent', null],
    ['evt.Unmarshaled.log.status', 401],
    ['evt.Unmarshaled.absent?.deeper', null],
    ['evt.Unmarshaled.absent.deeper ?? "none"', 'none'],
    ['Split(evt.Unmarshaled.log.proto, "/")[1]', '1.1'],
    ['IpInRange(evt.Meta.source_ip, "192.0.2.0/24")', true],
    ['IpInRange("2001:db8::1", "2001:db8::/32") && IsIPV6("::1") && IsIPV4("192.0.2.1")', true],
    ['IpInRange("not an address", "192.0.2.0/24")', false],
    ['any(File("bots.txt"), {evt.Meta.service contains #})', false],
    ['evt.GetMeta("service")', 'ssh'],
    ['evt.Time.Weekday().String() == "Saturday" and evt.Time.Hour() == 10', true],
    ['GetFromStash("a", "b")', 'a/b'],
    ['Match("*ssh?", "openssh1") && !Match("ssh", "openssh")', true],
    ['Sprintf("%s-%03d-%.1f-%v%%", "a", 7, 2.26, [1, "x"])', 'a-007-2.3-[1 x]%'],
    ['TrimSpace("  a ") + TrimPrefix("xa", "x") + TrimSuffix("ax", "x")', 'aaa'],
    ['PathUnescape("%2Fetc%2fpasswd") + QueryUnescape("+a%21")', '/etc/passwd a!'],
    ['PathUnescape("%zz")', '%zz'],
    ['JsonExtract("{\\"a\\": {\\"b\\": [1, {\\"c\\": 1.50}]}}", "a.b[1].c")', '1.50'],
    ['JsonExtract("{\\"a\\": \\"x\\\\\\"y\\"}", "a")', 'x\\"y'],
    ['JsonExtractUnescape("{\\"a\\": \\"x\\\\\\"y\\"}", "a")', 'x"y'],
    ['JsonExtract("no json", "a")', ''],
    ['MedianInterval([evt.Time, evt.Time]) >= duration("0s")', true],
    ["XMLGetNodeValue(\"<E><D N='a'>x&amp;y</D><D N='b'>z</D></E>\", \"/E/D[@N='b']\")", 'z'],
    ['XMLGetNodeValue("<E><D N=\'a\'>x&amp;y</D></E>", "/E/D[1]")', 'x&y'],
    ['XMLGetAttributeValue("<E><D N=\'a\'/></E>", "/E/D", "N")', 'a'],
    ['XMLGetNodeValue("<E><D>", "/E/D")', ''],
  ])("CrowdSec's %s", (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  it('parses key=value pairs and JSON into the event, and fails on what is neither', () => {
    expect(value('ParseKV("a=1 b=\\"two words\\" c=", evt.Unmarshaled, "kv") == nil')).toBe(true);
    expect(value('evt.Unmarshaled.kv.b + evt.Unmarshaled.kv.a')).toBe('two words1');
    expect(value('ParseKVLax("msg=two words src=1.2.3.4", evt.Unmarshaled, "lax") == nil')).toBe(true);
    expect(value('evt.Unmarshaled.lax.msg')).toBe('two words');
    expect(value('UnmarshalJSON("{\\"x\\": [1]}", evt.Unmarshaled, "js") in ["", nil]')).toBe(true);
    expect(value('evt.Unmarshaled.js.x[0]')).toBe(1);
    for (const text of ['UnmarshalJSON("{", evt.Unmarshaled, "js")', 'ParseKV("", evt.Unmarshaled, "kv")']) {
      expect(() => value(text)).toThrow(EvaluationFailure);
    }
    expect(() => value('UnmarshalJSON("{}", evt.Unmarshaled, "__proto__")')).toThrow(EvaluationFailure);
  });

  it.each([
    ['evt.Unmarshaled.absent.deeper', 'nil'],
    ['1 + "a"', ''],
    ['list[9]', 'out of range'],
    ['evt.Meta.service < 1', 'compare'],
  ])('%s fails, as in Go', (text, problem) => {
    const compiled = compileExpression(text.replace('1 +', 'n +'), vocabulary);
    if ('problem' in compiled) throw new Error(compiled.problem);
    let failure: unknown;
    try {
      compiled.evaluate(scope);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(EvaluationFailure);
    expect((failure as EvaluationFailure).message).toContain(problem);
  });

  it.each([
    ['evt.Overflow.Alert', 'evt.Overflow is not supported'],
    ['exec("rm")', 'unknown function exec'],
    ['other', 'unknown name "other"'],
    ['evt.Meta.constructor("x")', 'unknown method constructor'],
    ['File("missing.txt")', 'missing.txt is not there'],
    ['Upper("a", "b")', 'takes 1 arguments'],
    ['"a" matches "(?=x)"', 'no RE2'],
    ['1 +', 'ends too early'],
    ['"open', 'does not end'],
    ['(1', 'expected ")"'],
    ['# > 1', 'outside a predicate'],
    [`${'('.repeat(300)}1${')'.repeat(300)}`, 'nested deeper'],
    [`1${' + 1'.repeat(5000)}`, 'more than 4000 tokens'],
  ])('refuses %s', (text, problem) => {
    const compiled = compileExpression(text, vocabulary);
    expect('problem' in compiled && compiled.problem).toContain(problem);
  });
});
