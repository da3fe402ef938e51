// The nodes of one signed tree that are known to be authentic, so that verifying the proofs of a batch in order costs about
// one hash each. It keeps the texts of lines that stood in accepted proofs, and can only say yes: a proof is accepted when each of
// its lines was computed with or is equal to a known one. What it does not accept is for the caller to judge without it; so a wrong
// proof changes nothing here, and a verdict never depends on what was verified before.
// After C2SP tlog-tiles, nodes are kept in tiles of 8 levels, in two generations: what is not used while one fills is forgotten.
import { canonicalNodeText, nodeText, nodeTextLength } from './node-text.js';

const tileLevels = 8;
/** Positions of a tile are those of a binary heap: 256 leaves from 256 on, the two nodes below its top at 2 and 3. */
const tilePositions = 2 ** (tileLevels + 1);
const lineLength = nodeTextLength + 1;
const head = 'c2sp.org/tlog-proof@v1\nindex ';
const newline = 0x0a;
/** Levels of a tree of fewer than 2^53 leaves. */
const maximumLevels = 53;

/** The hashes of nodes, as text. */
type Tile = (string | undefined)[];

/** How many tiles all trees of one verifier have taken since the last time that some were forgotten. */
export interface TileCount {
  taken: number;
}

/** One level of a climb: a node, its hash, and its sibling's. One climb at a time: nothing here waits. */
const climbed = {
  count: 0,
  levels: new Uint8Array(maximumLevels),
  nodes: new Float64Array(maximumLevels),
  texts: new Array<string>(maximumLevels).fill(''),
  siblings: new Array<string>(maximumLevels).fill(''),
};

/** A tree under a checkpoint that was found trustworthy. */
export class VerifiedTree {
  /** What proofs under this checkpoint end in: a blank line, and its text. */
  readonly #tail: string;
  readonly #size: number;
  readonly #root: string;
  readonly #count: TileCount;
  #young = new Map<number, Tile>();
  #old = new Map<number, Tile>();
  /** The proof that was accepted last, for its lines above what the next one has in common with it. */
  #lastProof = '';
  #lastIndex = -1;

  /** @param checkpoint its text, verbatim @param size less than 2^53 @param root base64 @param count counts tiles of 4 to 40 KiB */
  constructor(checkpoint: string, size: number, root: string, count: TileCount) {
    this.#tail = `\n\n${checkpoint}`;
    this.#size = size;
    this.#root = root;
    this.#count = count;
  }

  /** Whether a proof ends in this tree's checkpoint. */
  isUnder(proof: string): boolean {
    return proof.endsWith(this.#tail);
  }

  /** Forgets the tiles that were not used since it was called last. */
  forget(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#lastProof = '';
    this.#lastIndex = -1;
  }

  /** The index of `leaf` (its hash as text) if `proof` certainly proves it; `undefined` when that is not certain. */
  indexOf(leaf: string, proof: string): number | undefined {
    if (!proof.startsWith(head) || !this.isUnder(proof)) return undefined;
    const end = proof.length - this.#tail.length + 1; // behind the newline of the last line
    const lineEnd = proof.indexOf('\n', head.length);
    const index = decimal(proof, head.length, lineEnd);
    if (!(index < this.#size) || !this.#climb(index, leaf, proof, lineEnd + 1, end)) return undefined;
    this.#learn();
    this.#lastProof = proof;
    this.#lastIndex = index;
    return index;
  }

  /** The way from a leaf to the root (RFC 9162 section 2.1.3.2), by hashing where nodes are not known, by comparing where they are. */
  #climb(index: number, leaf: string, proof: string, from: number, end: number): boolean {
    climbed.count = 0;
    if (end - from !== pathLength(index, this.#size) * lineLength) return false;
    const common = this.#lastIndex < 0 ? maximumLevels : commonLevel(index, this.#lastIndex);
    let node = index;
    let last = this.#size - 1; // the rightmost node of the level
    let text = leaf;
    let isAuthentic = false;
    let at = from;
    for (let level = 0; last > 0; level++) {
      if (node % 2 === 1 || node < last) {
        const known = this.#get(level, node);
        if (known !== undefined && known !== text) return false;
        isAuthentic ||= known !== undefined;
        // Above a node that the last proof leads through too, there are as many lines as there, and they must be the same.
        if (isAuthentic && level >= common) return this.#endsAsLast(proof, at);
        if (proof.charCodeAt(at + nodeTextLength) !== newline) return false;
        const above: string | undefined = isAuthentic ? this.#knownParent(level, node, proof, at) : undefined;
        isAuthentic = above !== undefined;
        text = above ?? this.#join(level, node, text, proof.slice(at, at + nodeTextLength));
        if (text === '') return false;
        at += lineLength;
      }
      node = Math.floor(node / 2);
      last = Math.floor(last / 2);
    }
    return text === this.#root;
  }

  /** Whether what stands in the proof from `at` on is what stood there in the last one. */
  #endsAsLast(proof: string, at: number): boolean {
    return proof.endsWith(this.#lastProof.slice(this.#lastProof.length - (proof.length - at)));
  }

  /** The parent of an authentic node, if it is known, and its known sibling stands in the proof. */
  #knownParent(level: number, node: number, proof: string, at: number): string | undefined {
    const sibling = this.#get(level, siblingOf(node));
    return sibling !== undefined && proof.startsWith(sibling, at)
      ? this.#get(level + 1, Math.floor(node / 2))
      : undefined;
  }

  /** The parent's hash; empty when the sibling's text is none. */
  #join(level: number, node: number, text: string, line: string): string {
    const sibling = canonicalNodeText(line);
    if (sibling === undefined) return '';
    const { count } = climbed;
    climbed.levels[count] = level;
    climbed.nodes[count] = node;
    climbed.texts[count] = text;
    climbed.siblings[count] = sibling;
    climbed.count = count + 1;
    return (node % 2 === 1 ? nodeText(sibling, text) : nodeText(text, sibling)) ?? '';
  }

  /** All that was hashed is authentic now: the nodes by their hashes, their siblings because the hashes are of them. */
  #learn(): void {
    for (let at = 0; at < climbed.count; at++) {
      const level = climbed.levels[at]!;
      const node = climbed.nodes[at]!;
      this.#set(level, node, climbed.texts[at]!);
      this.#set(level, siblingOf(node), climbed.siblings[at]!);
    }
  }

  #get(level: number, node: number): string | undefined {
    const width = widths[level % tileLevels]!;
    const index = Math.floor(node / width);
    return this.#tile(tileKey(level, index))?.[width + node - index * width];
  }

  #set(level: number, node: number, text: string): void {
    const width = widths[level % tileLevels]!;
    const index = Math.floor(node / width);
    const key = tileKey(level, index);
    let tile = this.#tile(key);
    if (tile === undefined) {
      tile = new Array<string | undefined>(tilePositions).fill(undefined);
      this.#young.set(key, tile);
      this.#count.taken++;
    }
    tile[width + node - index * width] = text;
  }

  #tile(key: number): Tile | undefined {
    const young = this.#young.get(key);
    if (young !== undefined || this.#old.size === 0) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.#young.set(key, old);
      this.#count.taken++;
    }
    return old;
  }
}

/** How many nodes of a level one tile holds, by the level's row in it. */
const widths = [256, 128, 64, 32, 16, 8, 4, 2];

function siblingOf(node: number): number {
  return node % 2 === 0 ? node + 1 : node - 1;
}

/** Tile levels are at most 6 in trees of fewer than 2^53 leaves. */
function tileKey(level: number, tile: number): number {
  return tile * 8 + Math.floor(level / tileLevels);
}

/** How many lines the path of a leaf has: one for each level on which its node has a sibling. */
function pathLength(index: number, size: number): number {
  let lines = 0;
  let node = index;
  for (let last = size - 1; last > 0; last = Math.floor(last / 2)) {
    if (node % 2 === 1 || node < last) lines++;
    node = Math.floor(node / 2);
  }
  return lines;
}

/** The lowest level on which two leaves have the same node above them. */
function commonLevel(one: number, other: number): number {
  let level = 0;
  for (let [a, b] = [one, other]; a !== b; level++) {
    a = Math.floor(a / 2);
    b = Math.floor(b / 2);
  }
  return level;
}

/** The number that stands at a place in decimal without leading zeros, below 10^15; NaN when none does. */
function decimal(text: string, from: number, to: number): number {
  if (to <= from || to - from > 15 || (text.charCodeAt(from) === 0x30 && to - from > 1)) return Number.NaN;
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    number = 10 * number + digit;
  }
  return number;
}
