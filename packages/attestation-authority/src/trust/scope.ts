// Scopes: about which subjects, in which predicate types, how long, and how far down somebody may speak. A delegation may only
// narrow: its scope must lie inside its parent's. A pattern is a name, or a prefix and `*`; one contains another when its prefix does.
import type { InTotoStatement } from '../statement/index.js';

/** Inside which bounds somebody may speak. */
export interface Scope {
  /** Patterns of subject names. */
  readonly subjects: readonly string[];
  /** Patterns of predicate types. */
  readonly predicateTypes: readonly string[];
  /** Milliseconds since 1970; `-Infinity` for always. */
  readonly notBefore: number;
  /** Milliseconds since 1970; `Infinity` for ever. */
  readonly notAfter: number;
  /** How many delegations may follow, 0 to 8. */
  readonly maxDepth: number;
}

const everything = '*';

/** Whether every name that `inner` matches is matched by `outer`. `inner` may be a name, which is a pattern too. */
function patternContains(outer: string, inner: string): boolean {
  if (outer === everything) return true;
  return outer.endsWith('*') ? inner.startsWith(outer.slice(0, -1)) : outer === inner;
}

/** Why `child` is no scope that a delegation inside `parent` may give; `undefined` when it is one. */
export function wideningOf(child: Scope, parent: Scope): string | undefined {
  if (child.maxDepth >= parent.maxDepth) {
    return `maxDepth ${child.maxDepth} is not below its parent's ${parent.maxDepth}`;
  }
  if (child.notBefore < parent.notBefore || child.notAfter > parent.notAfter) {
    return "it begins before its parent's scope or ends after it";
  }
  const subject = child.subjects.find((pattern) => !isContained(pattern, parent.subjects));
  if (subject !== undefined) return `subjects ${quoted(subject)} lie outside its parent's`;
  const type = child.predicateTypes.find((pattern) => !isContained(pattern, parent.predicateTypes));
  return type === undefined ? undefined : `predicate types ${quoted(type)} lie outside its parent's`;
}

/** What of a statement lies outside a scope; `undefined` when nothing does. */
export function excessOf({ subject, predicateType }: InTotoStatement, scope: Scope): string | undefined {
  if (!isContained(predicateType, scope.predicateTypes)) return `predicate type ${quoted(predicateType)}`;
  for (let at = 0; at < subject.length; at++) {
    const { name } = subject[at]!;
    if (!isContained(name, scope.subjects)) return `subject ${quoted(name)}`;
  }
  return undefined;
}

/** A `*` in a name is a name's: it is contained in a prefix, and equal to no pattern that means more. */
function isContained(pattern: string, outer: readonly string[]): boolean {
  for (let at = 0; at < outer.length; at++) if (patternContains(outer[at]!, pattern)) return true;
  return false;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
