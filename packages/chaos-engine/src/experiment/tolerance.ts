// Whether what a probe measured is what was hoped for, by Chaos Toolkit's rules: a value, a list of values or bounds, a
// pattern, a path into JSON, a range, or another probe. Comparisons are Python's, since the files were written for it.

import { isDeepStrictEqual } from 'node:util';
import { jsonPathProblem, queryJsonPath } from './json-path.js';
import { compilePythonPattern } from './python-pattern.js';
import { type Configuration, type Secrets, substitute } from './substitution.js';
import { timeLimited } from './time-limit.js';

/** A problem of an experiment, and where it is. */
export interface ExperimentIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What a tolerance is looked at with. */
export interface ToleranceContext {
  readonly configuration: Configuration;
  readonly secrets: Secrets;
  /** Runs a tolerance that is a probe, with the measured value as its argument `value`. */
  probe(tolerance: Readonly<Record<string, unknown>>, value: unknown): Promise<unknown>;
  /** How long a pattern or a path may take. */
  readonly limitMs: number;
}

/** Whether it is met, and if not why. */
export interface ToleranceVerdict {
  readonly met: boolean;
  readonly why?: string;
}

type Rule = Readonly<Record<string, unknown>>;

/** What is wrong with a tolerance; of one that is a probe, the probe is looked at elsewhere. */
export function toleranceIssues(tolerance: unknown): ExperimentIssue[] {
  const issue = (key: string, message: string): ExperimentIssue[] => [{ path: [key], message }];
  if (tolerance === null || tolerance === undefined) return [{ path: [], message: 'must be given' }];
  if (typeof tolerance !== 'object' || Array.isArray(tolerance)) return [];
  const { type, pattern, path, range, count } = tolerance as Rule;
  switch (type) {
    case 'probe':
      return [];
    case 'regex':
      if (typeof pattern !== 'string') return issue('pattern', 'must be a text');
      return problemOf(
        () => compilePythonPattern(withoutVariables(pattern)),
        (why) => issue('pattern', `is no pattern: ${why}`),
      );
    case 'jsonpath': {
      if (typeof path !== 'string' || path.trim() === '') return issue('path', 'must be a path that begins with $');
      if (count !== undefined && !Number.isInteger(count)) return issue('count', 'must be an integer');
      const problem = jsonPathProblem(withoutVariables(path));
      return problem === undefined ? [] : issue('path', `is no JSON path: ${problem}`);
    }
    case 'range':
      if (!Array.isArray(range) || range.length !== 2 || !range.every((bound) => typeof bound === 'number')) {
        return issue('range', 'must have 2 numbers');
      }
      return [];
    default:
      return issue('type', `must be probe, regex, jsonpath or range, not ${JSON.stringify(type)}`);
  }
}

/** Looks whether a measured value is within a tolerance. */
export async function withinTolerance(
  tolerance: unknown,
  value: unknown,
  context: ToleranceContext,
): Promise<ToleranceVerdict> {
  if (Array.isArray(tolerance)) return verdict(withinList(tolerance, value), value, tolerance);
  if (typeof tolerance !== 'object' || tolerance === null)
    return verdict(isTheValue(tolerance, value), value, tolerance);
  const rule = tolerance as Rule;
  switch (rule.type) {
    case 'probe':
      return verdict(isTrueInPython(await context.probe(rule, value)), value, rule.name);
    case 'regex':
      return matchesPattern(rule, value, context);
    case 'jsonpath':
      return hasAtPath(rule, value, context);
    case 'range':
      return verdict(withinRange(rule, value), value, rule.range);
    default:
      return { met: false, why: `no such tolerance: ${JSON.stringify(rule.type)}` };
  }
}

function verdict(met: boolean, value: unknown, wanted: unknown): ToleranceVerdict {
  return met ? { met } : { met, why: `${shown(value)} is not within ${shown(wanted)}` };
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}

/** A number is also met by the `status` of what a process or a web server answered. */
function isTheValue(tolerance: unknown, value: unknown): boolean {
  const number = typeof tolerance === 'number';
  return equalInPython(number && hasStatus(value) ? value.status : value, tolerance);
}

function withinList(tolerance: readonly unknown[], value: unknown): boolean {
  if (hasStatus(value)) return tolerance.some((one) => equalInPython(one, value.status));
  if (tolerance.length !== 2) return tolerance.some((one) => equalInPython(one, value));
  const [low, high] = tolerance;
  if (typeof low === 'number' && typeof high === 'number' && typeof value === 'number') {
    return low <= value && value <= high;
  }
  if (typeof low === 'string' && typeof high === 'string' && typeof value === 'string') {
    return low <= value && value <= high;
  }
  return false;
}

function matchesPattern(rule: Rule, value: unknown, context: ToleranceContext): ToleranceVerdict {
  const text = targetOf(rule, value);
  if (typeof text !== 'string') return { met: false, why: `${shown(text)} is no text` };
  const pattern = compilePythonPattern(filledText(rule.pattern, context));
  const found = timeLimited(context.limitMs, () => pattern.test(text));
  if (found === undefined) return { met: false, why: `the pattern took longer than ${context.limitMs} ms` };
  return found.value ? { met: true } : { met: false, why: `${shown(text)} does not match ${pattern.source}` };
}

function hasAtPath(rule: Rule, value: unknown, context: ToleranceContext): ToleranceVerdict {
  const document = asJson(targetOf(rule, value));
  const path = filledText(rule.path, context);
  const found = timeLimited(context.limitMs, () => queryJsonPath(document, path));
  if (found === undefined) return { met: false, why: `the path took longer than ${context.limitMs} ms` };
  const values = found.value;
  let met = rule.count === undefined ? values.length > 0 : values.length === rule.count;
  if (Object.hasOwn(rule, 'expect')) {
    const expected = substitute(rule.expect, context.configuration, context.secrets);
    met = equalInPython(values, Array.isArray(expected) ? expected : [expected]);
  }
  return met ? { met } : { met, why: `${path} found ${shown(values)}` };
}

function withinRange(rule: Rule, value: unknown): boolean {
  const measured = targetOf(rule, value);
  const [low, high] = rule.range as [number, number];
  if (typeof measured === 'string' && measured.trim() === '') return false;
  if (typeof measured !== 'number' && typeof measured !== 'string' && typeof measured !== 'boolean') return false;
  const number = Number(measured);
  return low <= number && number <= high;
}

/** The part of an answer that a rule looks at, or all of it. */
function targetOf({ target }: Rule, value: unknown): unknown {
  const has = typeof target === 'string' && isObject(value) && Object.hasOwn(value, target);
  return has ? value[target] : value;
}

function asJson(value: unknown): unknown {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function filledText(text: unknown, { configuration, secrets }: ToleranceContext): string {
  return String(substitute(text, configuration, secrets));
}

/** A text to check the syntax with: what a variable will hold is not known yet. */
function withoutVariables(text: string): string {
  return text.replaceAll(/(?<!\\)\$\{[_a-z]\w*\}/gi, 'x');
}

function hasStatus(value: unknown): value is { status: unknown } {
  return isObject(value) && Object.hasOwn(value, 'status');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Python's `==` for what JSON holds: True is 1 and False is 0, at any depth. */
function equalInPython(a: unknown, b: unknown): boolean {
  if (isDeepStrictEqual(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((one, index) => equalInPython(one, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equalInPython(a[key], b[key]))
    );
  }
  const numeric = (one: unknown): unknown => (typeof one === 'boolean' ? Number(one) : one);
  return numeric(a) === numeric(b);
}

/** Python's `bool()`. */
function isTrueInPython(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

function problemOf(attempt: () => unknown, issues: (why: string) => ExperimentIssue[]): ExperimentIssue[] {
  try {
    attempt();
    return [];
  } catch (error) {
    return issues(error instanceof Error ? error.message : String(error));
  }
}
