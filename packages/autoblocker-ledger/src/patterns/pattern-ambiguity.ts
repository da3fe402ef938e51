// How much a backtracking engine may have to try: the power of the text's length that its steps can grow with, found from
// the pattern alone. After Weideman et al., "Analyzing matching time behavior of backtracking regular expression matchers"
// (CIAA 2016), simplified to the safe side: what is not seen to be harmless counts.

import { lastCodePoint, type PatternNode, type Ranges } from './pattern-syntax.js';

const everything: Ranges = [[0, lastCodePoint]];

/** A counted repetition of at least so many rounds is as ambiguous as an endless one. */
const manyRounds = 12;

/**
 * The degree of a pattern: backtracking takes O(length ^ degree) steps. `Infinity` when it may be exponential.
 * A pattern that is not anchored at the start is tried at every place, which counts one.
 */
export function ambiguityDegree(root: PatternNode): number {
  const choices = degree(root, undefined) + (isAnchored(root) ? 0 : 1);
  // After each choice a loop without one may read to the end.
  return Math.max(1, choices + (choices > 0 && endlessLoops(root) > degree(root, undefined) ? 1 : 0));
}

function endlessLoops(node: PatternNode): number {
  switch (node.kind) {
    case 'group':
      return endlessLoops(node.body);
    case 'repeat':
      return node.most >= manyRounds ? 1 : node.most * endlessLoops(node.body);
    case 'concat':
      return node.parts.reduce((sum, part) => sum + endlessLoops(part), 0);
    case 'either':
      return Math.max(...node.parts.map(endlessLoops));
    default:
      return 0;
  }
}

/** What can follow a node: characters, or `undefined` when nothing that could fail does. */
type Follow = Ranges | undefined;

function degree(node: PatternNode, follow: Follow): number {
  switch (node.kind) {
    case 'empty':
    case 'set':
    case 'assert':
      return 0;
    case 'group':
      return degree(node.body, follow);
    case 'either':
      return Math.max(...node.parts.map((part) => degree(part, follow)));
    case 'concat': {
      let sum = 0;
      let after = follow;
      for (const part of [...node.parts].reverse()) {
        sum += degree(part, after);
        after = firstBefore(part, after);
      }
      return sum;
    }
    case 'repeat': {
      // After the last round comes no further one: what is optional and no more is followed by what follows.
      if (node.most === 1) return degree(node.body, follow);
      if (node.most < manyRounds) return node.most * degree(node.body, joined(first(node.body), follow));
      const own = isDeterministicRound(node.body) ? 0 : Number.POSITIVE_INFINITY;
      if (own > 0) return own;
      // Rounds being of one kind, only what comes next says whether another one begins.
      return overlaps(first(node.body), follow) ? 1 : 0;
    }
  }
}

/** Whether a text can be cut into rounds of a loop in one way only, as far as is easily seen. */
function isDeterministicRound(body: PatternNode): boolean {
  const plain = withoutGroups(body);
  if (plain.kind === 'set') return true;
  if (plain.kind === 'either') {
    return (
      plain.parts.every(isDeterministicRound) &&
      plain.parts.every((part, index) =>
        plain.parts.slice(index + 1).every((other) => !meets(first(part), first(other))),
      ) &&
      !isNullable(plain)
    );
  }
  if (plain.kind === 'repeat' || isNullable(plain)) return false;
  if (plain.kind !== 'concat') return false;
  // A round begins with what its own loops and choices cannot take: `(?:\.[a-z]+)*`.
  const [head, ...tail] = plain.parts;
  if (isNullable(head!) || isVariable(head!) || !isDeterministicPart(head!)) return false;
  const variable = tail.some((part) => isVariable(part));
  if (!variable) return true;
  const start = first(plain);
  return (
    tail.every((part) => isDeterministicPart(part)) &&
    !tail.some((part) => meets(variableSets(part), start)) &&
    degree({ kind: 'concat', parts: tail }, start) === 0
  );
}

function isDeterministicPart(node: PatternNode): boolean {
  const plain = withoutGroups(node);
  if (plain.kind === 'set' || plain.kind === 'assert' || plain.kind === 'empty') return true;
  if (plain.kind === 'repeat')
    return plain.most === 1 ? isDeterministicPart(plain.body) : isDeterministicRound(plain.body);
  if (plain.kind === 'concat') return plain.parts.every(isDeterministicPart);
  return isDeterministicRound(plain);
}

/** Characters that a node may take more or fewer of. */
function variableSets(node: PatternNode): Ranges {
  return isVariable(node) ? allOf(node) : [];
}

function isVariable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'repeat':
      return node.least !== node.most || isVariable(node.body);
    case 'group':
      return isVariable(node.body);
    case 'concat':
      return node.parts.some(isVariable);
    case 'either':
      return !node.parts.every((part) => withoutGroups(part).kind === 'set');
    default:
      return false;
  }
}

function withoutGroups(node: PatternNode): PatternNode {
  return node.kind === 'group' ? withoutGroups(node.body) : node;
}

/** Characters that a node can begin with. */
function first(node: PatternNode): Ranges {
  switch (node.kind) {
    case 'set':
      return node.ranges;
    case 'group':
      return first(node.body);
    case 'repeat':
      return first(node.body);
    case 'either':
      return node.parts.flatMap(first);
    case 'concat': {
      const ranges: (readonly [number, number])[] = [];
      for (const part of node.parts) {
        ranges.push(...first(part));
        if (!isNullable(part)) break;
      }
      return ranges;
    }
    default:
      return [];
  }
}

/** All characters that stand anywhere in a node. */
function allOf(node: PatternNode): Ranges {
  switch (node.kind) {
    case 'set':
      return node.ranges;
    case 'group':
    case 'repeat':
      return allOf(node.body);
    case 'either':
    case 'concat':
      return node.parts.flatMap(allOf);
    default:
      return [];
  }
}

/** What can follow the part before `node`, when `after` follows `node`. */
function firstBefore(node: PatternNode, after: Follow): Follow {
  if (node.kind === 'assert') {
    if (node.what === 'end' || node.what === 'start') return [];
    // A boundary can fail anywhere, so that a loop before it is asked to give back.
    return after ?? everything;
  }
  return isNullable(node) ? joined(first(node), after) : first(node);
}

/** When nothing follows, a loop that goes on is never asked to give back. */
function joined(ranges: Ranges, follow: Follow): Follow {
  if (ranges.length === 0) return follow;
  return follow === undefined ? ranges : [...ranges, ...follow];
}

function overlaps(ranges: Ranges, follow: Follow): boolean {
  return follow !== undefined && meets(ranges, follow);
}

function meets(one: Ranges, other: Ranges): boolean {
  return one.some(([from, to]) => other.some(([start, end]) => from <= end && start <= to));
}

/** Whether a node matches the empty text. */
function isNullable(node: PatternNode): boolean {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return true;
    case 'set':
      return false;
    case 'group':
      return isNullable(node.body);
    case 'repeat':
      return node.least === 0 || isNullable(node.body);
    case 'either':
      return node.parts.some(isNullable);
    case 'concat':
      return node.parts.every(isNullable);
  }
}

function isAnchored(node: PatternNode): boolean {
  if (node.kind === 'assert') return node.what === 'start';
  if (node.kind === 'group') return isAnchored(node.body);
  if (node.kind === 'concat') return isAnchored(node.parts[0]!);
  return node.kind === 'either' && node.parts.every(isAnchored);
}
