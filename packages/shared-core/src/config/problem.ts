// One wrong value: where it is, what was expected there, what was found. Turns zod's issues into lines that a person
// can act on, all of them at once.
import type { z } from 'zod';

/** One wrong value in checked data. */
export interface Problem {
  /** Where: `server.port`, `users[2].name`; empty for the whole value. */
  readonly path: string;
  /** What was expected and what was found, in words. */
  readonly message: string;
}

/** How many problems a message lists before it counts the rest. */
const listedProblems = 50;
const shownCharacters = 80;

/** What is wrong with `input`, one {@link Problem} an issue, with the offending values. Values of secret keys are not shown. */
export function problemsOf(error: { readonly issues: readonly z.core.$ZodIssue[] }, input: unknown): Problem[] {
  return error.issues.map((issue) => ({
    path: pathText(issue.path),
    message: `${expectation(issue)}, got ${shown(issue.path, valueAt(input, issue.path))}`,
  }));
}

/** The problems as an indented list, one a line; at most 50, then how many more. */
export function problemList(problems: readonly Problem[], root = 'value'): string {
  const lines = problems.slice(0, listedProblems).map(({ path, message }) => `\n  ${path || root}: ${message}`);
  const more = problems.length - lines.length;
  return lines.join('') + (more > 0 ? `\n  … and ${more} more` : '');
}

/** `['users', 2, 'first name']` as `users[2]["first name"]`. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (typeof part === 'string' && /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(part)) text += text ? `.${part}` : part;
    else text += `[${typeof part === 'symbol' ? String(part) : JSON.stringify(part)}]`;
  }
  return text;
}

/** The value at `path` as short JSON; `[redacted]` when the path names a secret. */
export function shown(path: readonly PropertyKey[], value: unknown): string {
  if (value === undefined) return 'nothing';
  if (path.some(isSecret)) return '[redacted]';
  const text = jsonText(value);
  return text.length <= shownCharacters ? text : `${text.slice(0, shownCharacters)}… (${text.length} characters)`;
}

/** What `path` leads to in `value`; `undefined` when it leads nowhere. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

function isSecret(key: PropertyKey): boolean {
  return typeof key === 'string' && /(secret|key|token|password|passphrase|authorization)$/i.test(key);
}

function jsonText(value: unknown): string {
  try {
    const text = JSON.stringify(value, (key, inner: unknown) => {
      if (key !== '' && isSecret(key)) return '[redacted]';
      return typeof inner === 'bigint' ? `${inner}n` : inner;
    });
    return text ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return unionExpectation(issue);
  return issue.message.replace(/^(Invalid (input|option)|Too (small|big)): /, '').replace(/, received [^,]*$/, '');
}

function unionExpectation(issue: z.core.$ZodIssueInvalidUnion): string {
  const branches = issue.errors.map((branch) =>
    branch
      .map((inner) => (inner.path.length > 0 ? `${pathText(inner.path)}: ${expectation(inner)}` : expectation(inner)))
      .join(' and '),
  );
  return [...new Set(branches)].join(', or ');
}
