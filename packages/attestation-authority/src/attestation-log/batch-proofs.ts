// The inclusion proofs of all entries of one commit, cut together: n - 1 + log2(size) hashes for n entries, and texts that share
// their upper lines. Source: RFC 6962 section 2.1.1, printed as C2SP tlog-proof v1.
import { nodeText } from './node-text.js';

/** The last entries of a log, under one checkpoint. */
export interface ProvableBatch {
  /** The index of the first. */
  readonly first: number;
  /** The hashes of their leaves; they reach to the end of the tree. */
  readonly leaves: readonly string[];
  /** The proof of the first alone: all that is needed of the tree to the left. */
  readonly firstPath: readonly string[];
  /** Signed, verbatim. */
  readonly checkpoint: string;
}

/** One level of the tree, from the first entry's node to the end. */
interface Level {
  readonly from: number;
  readonly texts: readonly string[];
  /** The node to the left of `from`, where `from` is its right sibling. */
  readonly left: string | undefined;
}

/** The tlog-proof texts of a batch, in order. */
export function cutProofs({ first, leaves, firstPath, checkpoint }: ProvableBatch): string[] {
  const levels = levelsOf(first, leaves, firstPath);
  // From the top down: what stands in a proof above each node.
  let above: string[] = [`\n${checkpoint}`];
  for (let at = levels.length - 2; at >= 0; at--) above = linesAbove(levels[at]!, levels[at + 1]!.from, above);
  return above.map((lines, at) => `c2sp.org/tlog-proof@v1\nindex ${first + at}\n${lines}`);
}

function levelsOf(first: number, leaves: readonly string[], firstPath: readonly string[]): Level[] {
  const levels: Level[] = [];
  let from = first;
  let texts = leaves;
  let used = 0;
  for (;;) {
    const isLast = texts.length === 1;
    const isRight = from % 2 === 1;
    const left = isRight ? firstPath[used] : undefined;
    levels.push({ from, texts, left });
    if (isLast && from === 0) return levels;
    if (isRight || !isLast) used++;
    const row = left === undefined ? texts : [left, ...texts];
    const parents: string[] = [];
    for (let at = 0; at < row.length; at += 2) {
      const right = row[at + 1];
      parents.push(right === undefined ? row[at]! : nodeText(row[at]!, right)!);
    }
    from = Math.floor(from / 2);
    texts = parents;
  }
}

function linesAbove({ from, texts, left }: Level, parentsFrom: number, aboveParents: readonly string[]): string[] {
  return texts.map((_, at) => {
    const node = from + at;
    const parent = aboveParents[Math.floor(node / 2) - parentsFrom]!;
    const sibling = node % 2 === 0 ? texts[at + 1] : (texts[at - 1] ?? left);
    return sibling === undefined ? parent : `${sibling}\n${parent}`;
  });
}
