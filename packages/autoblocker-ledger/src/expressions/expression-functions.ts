// What CrowdSec's rules may call: the functions of expr-lang.org/docs/language-definition that the hub uses, and CrowdSec's
// own (docs.crowdsec.net, "Expression helpers"). A function that is not here is refused when a rule is compiled.

import { networkOf, parseIpAddress, parseIpPrefix, prefixCovers } from '../lookup/index.js';
import { SafePattern } from '../patterns/index.js';
import { EvaluationFailure, type HostFunction, type Vocabulary } from './expression-compiler.js';
import { parseGoDuration } from './go-duration.js';
import { goSprintf, goText } from './go-format.js';
import { findJson, type JsonPath, jsonPath } from './json-text.js';
import { isMap, type StringMap } from './string-map.js';
import { xmlAttributeValue, xmlNodeValue } from './xml-text.js';

/** Data files that a rule declares, by name. */
export interface DataFiles {
  /** Lines of a `string` file. */
  readonly lines: ReadonlyMap<string, readonly string[]>;
  /** Expressions of a `regexp` file. */
  readonly patterns: ReadonlyMap<string, readonly SafePattern[]>;
  /** Look-ups of a `map` file: the tag of the first entry that fits, or "". */
  readonly maps: ReadonlyMap<string, (text: string) => string>;
}

/** Where parsers keep what later lines need. */
interface Stash {
  get(name: string, key: string): string;
}

/** What functions work with, beside their arguments. */
interface FunctionHost {
  readonly files: DataFiles;
  readonly stash: Stash;
}

/** The vocabulary of rules: these variables, of some the fields that they have, and all functions and methods. */
export function ruleVocabulary(
  variables: Iterable<string>,
  fields: ReadonlyMap<string, ReadonlySet<string>>,
  host: FunctionHost,
  reader: Vocabulary['reader'] = () => undefined,
): Vocabulary {
  return {
    fields,
    reader,
    variables: new Set(variables),
    functions: new Map([...pureFunctions, ...eventFunctions, ...hostFunctions(host)]),
    methods,
    pattern: (text) => SafePattern.compile(text),
  };
}

const text = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new EvaluationFailure(`expected text, found ${value === null || value === undefined ? 'nil' : typeof value}`);
};

const pure = (
  count: number | readonly [number, number],
  call: (...values: readonly never[]) => unknown,
  whole = false,
): HostFunction => ({
  arity: typeof count === 'number' ? [count, count] : count,
  pure: true,
  whole,
  call: (_, ...values) => call(...(values as never[])),
});
const ofText = (call: (value: string) => unknown): HostFunction => pure(1, (value) => call(text(value)));
const ofTexts = (call: (one: string, other: string) => unknown, whole = false): HostFunction =>
  pure(2, (one, other) => call(text(one), text(other)), whole);

const trimmed = (value: string, set: string, left: boolean, right: boolean): string => {
  let [from, to] = [0, value.length];
  while (left && from < to && set.includes(value[from]!)) from += 1;
  while (right && to > from && set.includes(value[to - 1]!)) to -= 1;
  return value.slice(from, to);
};
const withoutPrefix = (value: string, prefix: string) =>
  value.startsWith(prefix) ? value.slice(prefix.length) : value;
const withoutSuffix = (value: string, suffix: string) =>
  suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value;

/** A split, bounded: at most so many parts are made. */
function split(value: string, separator: string, limit = -1): string[] {
  const parts = value.split(separator);
  return limit < 0 || parts.length <= limit
    ? parts
    : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

/** `%HH` undone; the text itself when one of them is wrong. */
function unescapeUrl(value: string, plusIsSpace: boolean): string {
  const spaced = plusIsSpace ? value.replaceAll('+', ' ') : value;
  if (!spaced.includes('%')) return spaced;
  if (/%(?![0-9a-fA-F]{2})/.test(spaced)) return value;
  const bytes: string = spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) =>
    Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
  );
  return bytes;
}

/** Half of a surrogate pair, which no URL can hold, becomes U+FFFD. */
const escapeUrl = (value: string): string => encodeURIComponent(Buffer.from(value).toString());

function asInteger(value: unknown): number {
  if (typeof value === 'number') return Math.trunc(value);
  const whole = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(whole)) throw new EvaluationFailure(`${goText(value)} is no integer`);
  return whole;
}

function asFloat(value: unknown): number {
  const float =
    typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (Number.isNaN(float)) throw new EvaluationFailure(`${goText(value)} is no number`);
  return float;
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isMap(value)) return value.size;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  throw new EvaluationFailure('len of what has no length');
}

function elementOf(collection: unknown, key: unknown): unknown {
  if (collection === null || collection === undefined) return null;
  if (Array.isArray(collection)) return collection[asInteger(key)] ?? null;
  if (isMap(collection)) return collection.get(key as string) ?? null;
  return Object.hasOwn(collection, text(key)) ? (collection as Record<string, unknown>)[text(key)] : null;
}

function goDuration(value: string): number {
  const duration = parseGoDuration(value);
  if (duration === undefined) throw new EvaluationFailure(`${value} is no duration`);
  return duration;
}

/** CrowdSec's wildcards: `*` any text, `?` any character. Two places are remembered, so that it takes O(text * pattern). */
function matchesWildcard(pattern: string, value: string): boolean {
  let [at, inPattern, star, retry] = [0, 0, -1, 0];
  while (at < value.length) {
    if (inPattern < pattern.length && pattern[inPattern] === '*') {
      star = inPattern;
      retry = at;
      inPattern += 1;
    } else if (inPattern < pattern.length && (pattern[inPattern] === '?' || pattern[inPattern] === value[at])) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      retry += 1;
      at = retry;
      inPattern = star + 1;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(inPattern));
}

function isInRange(address: string, range: string): boolean {
  const [ip, prefix] = [parseIpAddress(address), parseIpPrefix(range)];
  if (ip === undefined || prefix === undefined) return false;
  return prefixCovers(prefix, networkOf(ip, ip.family === 4 ? 32 : 128));
}

function times(values: unknown): number[] {
  if (!Array.isArray(values) || values.length < 2) throw new EvaluationFailure('an interval needs two times');
  return values
    .map((value) => (value instanceof Date ? value.getTime() : Number.NaN))
    .sort((one, other) => one - other);
}

function intervals(values: unknown): number[] {
  const sorted = times(values);
  return sorted.slice(1).map((time, index) => time - sorted[index]!);
}

function median(values: number[]): number {
  const sorted = values.sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Kilometres between two places (haversine); 0 when one of them is the 0,0 of missing data. */
function distance(...values: readonly unknown[]): number {
  const [lat1, lon1, lat2, lon2] = values.map(asFloat) as [number, number, number, number];
  if ((lat1 === 0 && lon1 === 0) || (lat2 === 0 && lon2 === 0)) return 0;
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const half = (one: number, other: number) => Math.sin(radians(other - one) / 2) ** 2;
  const part = half(lat1, lat2) + Math.cos(radians(lat1)) * Math.cos(radians(lat2)) * half(lon1, lon2);
  return 2 * 6371 * Math.asin(Math.sqrt(part));
}

function extracted(json: unknown, path: JsonPath, kind?: 'array' | 'object'): string | undefined {
  const found = findJson(text(json), path);
  return found === undefined || (kind !== undefined && found.kind !== kind) ? undefined : found.raw;
}

function parsedJson(raw: string | undefined): unknown {
  if (raw === undefined) return null;
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}

function unescapedJson(raw: string | undefined): string {
  const parsed = raw === undefined ? '' : parsedJson(`"${raw}"`);
  return typeof parsed === 'string' ? parsed : (raw ?? '');
}

function jsonOf(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      isMap(inner) ? Object.fromEntries(inner as Iterable<readonly [string, unknown]>) : inner,
    ) ?? ''
  );
}

const list = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  throw new EvaluationFailure('expected a list');
};

const pureFunctions: readonly (readonly [string, HostFunction])[] = [
  ...(['Upper', 'upper'] as const).map((name) => [name, ofText((value) => value.toUpperCase())] as const),
  ...(['Lower', 'lower'] as const).map((name) => [name, ofText((value) => value.toLowerCase())] as const),
  ['TrimSpace', ofText((value) => value.trim())],
  ['trim', pure([1, 2], (value, set = ' \t\r\n' as never) => trimmed(text(value), text(set), true, true))],
  ['Trim', ofTexts((value, set) => trimmed(value, set, true, true))],
  ['TrimLeft', ofTexts((value, set) => trimmed(value, set, true, false))],
  ['TrimRight', ofTexts((value, set) => trimmed(value, set, false, true))],
  ...(['TrimPrefix', 'trimPrefix'] as const).map((name) => [name, ofTexts(withoutPrefix)] as const),
  ...(['TrimSuffix', 'trimSuffix'] as const).map((name) => [name, ofTexts(withoutSuffix)] as const),
  ['hasPrefix', ofTexts((value, prefix) => value.startsWith(prefix))],
  ['hasSuffix', ofTexts((value, suffix) => value.endsWith(suffix))],
  ['Split', ofTexts((value, separator) => split(value, separator))],
  [
    'split',
    pure([2, 3], (value, separator, limit = -1 as never) => split(text(value), text(separator), asInteger(limit))),
  ],
  ['SplitN', pure(3, (value, separator, limit) => split(text(value), text(separator), asInteger(limit)))],
  ['Fields', ofText((value) => value.trim().split(/\s+/))],
  ...(['Join', 'join'] as const).map(
    (name) => [name, pure(2, (items, separator) => list(items).map(goText).join(text(separator)))] as const,
  ),
  ['Replace', pure(4, (value, from, to, count) => replaceSome(text(value), text(from), text(to), asInteger(count)))],
  ['ReplaceAll', pure(3, (value, from, to) => text(value).replaceAll(text(from), () => text(to)))],
  ['replace', pure(3, (value, from, to) => text(value).replaceAll(text(from), () => text(to)))],
  ...(['Index', 'indexOf'] as const).map(
    (name) => [name, ofTexts((value, part) => value.indexOf(part), true)] as const,
  ),
  ['lastIndexOf', ofTexts((value, part) => value.lastIndexOf(part), true)],
  ['Match', ofTexts((pattern, value) => matchesWildcard(pattern, value))],
  ['Sprintf', pure([1, 20], (format, ...values) => goSprintf(text(format), values))],
  ['PathUnescape', ofText((value) => unescapeUrl(value, false))],
  ['QueryUnescape', ofText((value) => unescapeUrl(value, true))],
  ['PathEscape', ofText(escapeUrl)],
  ['QueryEscape', ofText((value) => escapeUrl(value).replaceAll('%20', '+'))],
  ['B64Decode', ofText((value) => Buffer.from(value, 'base64').toString('utf8'))],
  ['ToString', pure(1, (value) => (typeof value === 'string' ? value : ''))],
  ['string', pure(1, goText)],
  ['int', pure(1, asInteger, true)],
  ['float', pure(1, asFloat)],
  ['Atof', pure(1, asFloat)],
  ['len', pure(1, lengthOf, true)],
  ['get', pure(2, elementOf)],
  ['first', pure(1, (items) => list(items)[0] ?? null)],
  ['last', pure(1, (items) => list(items).at(-1) ?? null)],
  ['Distinct', pure(1, (items) => [...new Set(list(items))])],
  ['Flatten', pure(1, (items) => list(items).flat(20))],
  ['FlattenDistinct', pure(1, (items) => [...new Set(list(items).flat(20))])],
  ['KeyExists', pure(2, (key, map) => elementOf(map, key) !== null)],
  ['duration', ofText(goDuration)],
  [
    'AverageInterval',
    pure(1, (values) => intervals(values).reduce((sum, one) => sum + one, 0) / intervals(values).length),
  ],
  ['MedianInterval', pure(1, (values) => median(intervals(values)))],
  ['Distance', pure(4, distance)],
  ['IpInRange', ofTexts(isInRange)],
  ['IsIP', ofText((value) => parseIpAddress(value) !== undefined)],
  ['IsIPV4', ofText((value) => parseIpAddress(value) !== undefined && !value.includes(':'))],
  ['IsIPV6', ofText((value) => parseIpAddress(value) !== undefined && value.includes(':'))],
  ['FloatApproxEqual', pure(2, (one, other) => Math.abs(asFloat(one) - asFloat(other)) < 1e-6)],
  ['JsonExtract', pure(2, (json, path) => extracted(json, jsonPath(text(path))) ?? '')],
  ['JsonExtractLib', pure([2, 20], (json, ...path) => extracted(json, path.map(text)) ?? '')],
  ['JsonExtractUnescape', pure([2, 20], (json, ...path) => unescapedJson(extracted(json, path.map(text))))],
  ['JsonExtractSlice', pure(2, (json, path) => parsedJson(extracted(json, jsonPath(text(path)), 'array')))],
  ['JsonExtractObject', pure(2, (json, path) => parsedJson(extracted(json, jsonPath(text(path)), 'object')))],
  ...(['ToJson', 'ToJsonString', 'toJSON'] as const).map((name) => [name, pure(1, jsonOf)] as const),
  ['XMLGetNodeValue', ofTexts(xmlNodeValue)],
  ['XMLGetAttributeValue', pure(3, (xml, path, name) => xmlAttributeValue(text(xml), text(path), text(name)))],
];

function replaceSome(value: string, from: string, to: string, count: number): string {
  if (count < 0) return value.replaceAll(from, () => to);
  const parts = value.split(from);
  return parts.map((part, index) => (index === parts.length - 1 ? part : part + (index < count ? to : from))).join('');
}

const keyAndValue = /([^=\s]+)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^=\s]+)|\s*)/g;
const laxKey = /([a-zA-Z_][a-zA-Z0-9_.-]*)=/g;
/** Pairs of one line. */
const maximumPairs = 1000;

/** Functions that write into the event; an error of theirs is an error of the expression, as in Go. */
const eventFunctions: readonly (readonly [string, HostFunction])[] = [
  ['UnmarshalJSON', { arity: [3, 3], call: (_, json, target, key) => unmarshal(text(json), target, text(key)) }],
  ['ParseKV', { arity: [3, 3], call: (_, line, target, key) => put(target, text(key), pairs(text(line))) }],
  ['ParseKVLax', { arity: [3, 3], call: (_, line, target, key) => put(target, text(key), laxPairs(text(line))) }],
  ['LogInfo', { arity: [1, 20], call: () => true }],
];

function unmarshal(json: string, target: unknown, key: string): null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new EvaluationFailure('the text is no JSON');
  }
  (target as Record<string, unknown>)[safeKey(key)] = value;
  return null;
}

/** Later pairs are added to those of an earlier call. */
function put(target: unknown, key: string, found: ReadonlyMap<string, string>): null {
  if (found.size === 0) throw new EvaluationFailure('no key=value pair in the text');
  const before = elementOf(target, key);
  if (before !== null && !isMap(before)) throw new EvaluationFailure(`${key} holds something else already`);
  (target as Record<string, unknown>)[safeKey(key)] =
    before === null ? found : new Map([...(before as Iterable<[string, string]>), ...found]);
  return null;
}

function safeKey(key: string): string {
  if (key === '__proto__') throw new EvaluationFailure('__proto__ is no key');
  return key;
}

function pairs(line: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, key, quoted, plain] of line.matchAll(keyAndValue)) {
    if (found.size < maximumPairs) found.set(key!, quoted ?? plain ?? '');
  }
  return found;
}

/** As {@link pairs}, but a value goes on to the next key, spaces included. */
function laxPairs(line: string): ReadonlyMap<string, string> {
  const keys = [...line.matchAll(laxKey)].filter(({ index }) => !isQuoted(line, index)).slice(0, maximumPairs);
  return new Map(
    keys.map(({ 1: key, index, 0: whole }, place) => {
      const value = line.slice(index + whole.length, keys[place + 1]?.index).trim();
      const quoted = /^"([\s\S]*)"$/.exec(value);
      const plain =
        quoted === null ? withoutPrefix(value, '"') : quoted[1]!.replaceAll('\\\\', '\\').replaceAll('\\"', '"');
      return [key!, plain];
    }),
  );
}

function isQuoted(line: string, index: number): boolean {
  const before = line.slice(0, index).replace(/\\[\s\S]/g, '');
  return (before.split('"').length - 1) % 2 === 1;
}

function hostFunctions({ files, stash }: FunctionHost): readonly (readonly [string, HostFunction])[] {
  const declared = (known: ReadonlyMap<string, unknown>, place: number) => (values: readonly unknown[]) => {
    const name = values[place];
    if (typeof name !== 'string') return 'the name of a data file must be constant';
    return known.has(name) ? undefined : `the data file ${name} is not there; give its text to the option dataFiles`;
  };
  return [
    [
      'File',
      { arity: [1, 1], pure: true, refuse: declared(files.lines, 0), call: (_, name) => files.lines.get(text(name)) },
    ],
    [
      'RegexpInFile',
      {
        arity: [2, 2],
        refuse: declared(files.patterns, 1),
        call: (_, value, name) => files.patterns.get(text(name))!.some((pattern) => pattern.test(text(value))),
      },
    ],
    [
      'LookupFile',
      {
        arity: [2, 2],
        refuse: declared(files.maps, 1),
        call: (_, value, name) => files.maps.get(text(name))!(text(value)),
      },
    ],
    ['GetFromStash', { arity: [2, 2], call: (_, name, key) => stash.get(text(name), text(key)) }],
  ];
}

/** Methods of an event, of times and of what they give. */
const methods: ReadonlyMap<string, HostFunction> = new Map<string, HostFunction>([
  ['GetMeta', { arity: [2, 2], call: (_, event, key) => (fieldOf(event, 'Meta') as StringMap).get(text(key)) ?? '' }],
  ['SetMeta', { arity: [3, 3], call: (_, event, key, value) => setField(event, 'Meta', text(key), text(value)) }],
  ['SetParsed', { arity: [3, 3], call: (_, event, key, value) => setField(event, 'Parsed', text(key), text(value)) }],
  ['GetType', { arity: [1, 1], call: () => 'log' }],
  ['Weekday', { arity: [1, 1], call: (_, time) => weekdays[dateOf(time).getUTCDay()] }],
  ['Hour', { arity: [1, 1], whole: true, call: (_, time) => dateOf(time).getUTCHours() }],
  ['Minute', { arity: [1, 1], whole: true, call: (_, time) => dateOf(time).getUTCMinutes() }],
  ['Unix', { arity: [1, 1], whole: true, call: (_, time) => Math.floor(dateOf(time).getTime() / 1000) }],
  ['Sub', { arity: [2, 2], call: (_, one, other) => dateOf(one).getTime() - dateOf(other).getTime() }],
  ['String', { arity: [1, 1], call: (_, value) => goText(value) }],
]);

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function dateOf(value: unknown): Date {
  if (value instanceof Date) return value;
  throw new EvaluationFailure('expected a time');
}

function fieldOf(event: unknown, name: string): unknown {
  return elementOf(event, name);
}

function setField(event: unknown, map: 'Meta' | 'Parsed', key: string, value: string): boolean {
  (fieldOf(event, map) as StringMap).set(key, value);
  return true;
}
