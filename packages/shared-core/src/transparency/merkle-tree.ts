// Merkle trees over a log: hashing, the compact range that grows one leaf at a time, inclusion and consistency proofs.
// Source: RFC 6962 section 2.1, and RFC 9162 sections 2.1.3.2 and 2.1.4.2 for verification.
// Cost: appending hashes about two nodes a leaf; a proof is O(log n) to cut, to send and to verify.
import { assert } from '../errors/index.js';

/**
 * SHA-256, handed in so that this module runs anywhere. It must return 32 fresh bytes, and must not keep `data`, which is
 * overwritten by the next hash.
 */
export type Sha256 = (data: Uint8Array) => Uint8Array;

/** The size of a log and the root hash of its tree at that size. A `Checkpoint` is one, with a name. */
export interface TreeHead {
  /** How many leaves the tree has. */
  readonly size: bigint;
  /** The Merkle tree hash of these leaves, 32 bytes. */
  readonly root: Uint8Array;
}

/**
 * Names a perfect subtree: the one whose leaves are `index * 2^level` up to, without, `(index + 1) * 2^level`.
 * Level 0 holds the leaf hashes. Trees that we build have fewer than 2^53 leaves, so both are plain numbers; figures that
 * others claim are `bigint`.
 */
export interface NodeAddress {
  /** Height above the leaves: the subtree has `2^level` leaves. */
  readonly level: number;
  /** Which of its level, from 0 at the left. */
  readonly index: number;
}

/** Bytes of a SHA-256 hash: of every leaf, node and root. */
export const hashBytes = 32;

// ---------------------------------------------------------------------------------------------------------- hashing

const leafPrefix = 0x00;
const nodePrefix = 0x01;

// Hash inputs are laid out here: one copy, no allocation. Safe because hashing is synchronous and keeps nothing.
const nodeInput = new Uint8Array(1 + 2 * hashBytes).fill(nodePrefix, 0, 1);
const leafInput = new Uint8Array(1 + 0xffff).fill(leafPrefix, 0, 1);

/**
 * The hash of a leaf: `SHA-256(0x00 || entry)`. `entry` may have any length. In the form in which `sha256` gives it: 32 bytes,
 * unless it is another function than a {@link Sha256}, which prints hashes, say; that must not keep `data` either.
 */
export function leafHash<Hash = Uint8Array>(entry: Uint8Array, sha256: (data: Uint8Array) => Hash): Hash {
  const input = leafInputOf(1 + entry.length);
  input.set(entry, 1);
  return sha256(input);
}

/** Views of {@link leafInput} by their length: entries of a log tend to be as long as those before, and a view costs as much as a frame. */
const leafInputs = new Array<Uint8Array | undefined>(513).fill(undefined);

function leafInputOf(length: number): Uint8Array {
  if (length > leafInput.length) return new Uint8Array(length);
  const known = leafInputs[length];
  if (known !== undefined) return known;
  const input = leafInput.subarray(0, length);
  if (length < leafInputs.length) leafInputs[length] = input;
  return input;
}

/** The hash of an inner node: `SHA-256(0x01 || left || right)`, both 32 bytes. */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashBytes);
  return sha256(nodeInput);
}

/** The root of the tree without leaves: the hash of nothing. */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0));
}

/**
 * The hash over neighbouring perfect subtrees, left to right, such as {@link rangeNodes} lists.
 * @throws RangeError when there are none.
 */
export function foldNodes(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  const last = hashes.at(-1);
  if (last === undefined) throw new RangeError('there are no hashes to fold; expected at least one');
  let right = last;
  for (let at = hashes.length - 2; at >= 0; at--) right = nodeHash(hashes[at]!, right, sha256);
  return right;
}

// ---------------------------------------------------------------------------------------------------------- growing

/** Told of every perfect subtree that an append completes, the leaf first, upwards. Must not change `hash`. */
export type NodeVisitor = (level: number, index: number, hash: Uint8Array) => void;

/**
 * The tree over leaves `0 .. size - 1`, kept as the roots of its largest perfect subtrees: at most 53 hashes, whatever
 * the size. Append is O(1) amortised (a leaf completes one inner node on average), {@link CompactRange.root} O(log n).
 */
export class CompactRange {
  readonly #sha256: Sha256;
  /** Roots of perfect subtrees, largest and leftmost first: one for each bit set in `#size`. */
  readonly #hashes: Uint8Array[];
  #size: number;

  /**
   * An empty tree, or with `resume` the tree of a log that exists already: `hashes` are those of
   * `rangeNodes(0, size)`, in that order.
   * @throws RangeError when the hashes are not what a tree of that size has.
   */
  constructor(sha256: Sha256, resume: { readonly size: number; readonly hashes: readonly Uint8Array[] } = empty) {
    const { size, hashes } = resume;
    const expected = rangeNodes(0, size).length;
    if (hashes.length !== expected || !hashes.every(isHash)) {
      throw new RangeError(
        `a tree of size ${size} resumes from ${expected} hashes of 32 bytes; got ${hashes.length} values`,
      );
    }
    this.#sha256 = sha256;
    this.#hashes = hashes.map((hash) => new Uint8Array(hash)); // not views of a tile that would stay in memory
    this.#size = size;
  }

  /** How many leaves were appended. */
  get size(): number {
    return this.#size;
  }

  /** The roots of the perfect subtrees, for resuming later: the hashes of `rangeNodes(0, size)`. Must not be changed. */
  get hashes(): readonly Uint8Array[] {
    return [...this.#hashes];
  }

  /**
   * Adds a leaf by its hash (see {@link leafHash}) and tells `visit` of each perfect subtree that it completes. The array
   * is kept: do not change it afterwards.
   */
  append(leaf: Uint8Array, visit?: NodeVisitor): void {
    assert(leaf.length === hashBytes && this.#size < Number.MAX_SAFE_INTEGER, 'a leaf hash has 32 bytes');
    let level = 0;
    let index = this.#size;
    let hash = leaf;
    visit?.(level, index, hash);
    for (; index % 2 === 1; index = (index - 1) / 2) {
      hash = nodeHash(this.#hashes.pop()!, hash, this.#sha256);
      visit?.(++level, (index - 1) / 2, hash);
    }
    this.#hashes.push(hash);
    this.#size++;
  }

  /** The root hash of the tree at its present size: 32 fresh bytes. */
  root(): Uint8Array {
    return this.#size === 0 ? emptyRoot(this.#sha256) : new Uint8Array(foldNodes(this.#hashes, this.#sha256));
  }
}

const empty = { size: 0, hashes: [] } as const;

// ----------------------------------------------------------------------------------------------------- proofs, made

/**
 * What a proof is cut from. Read the hashes of `nodes` in any way (from memory, from tiles, all at once or one by one,
 * waiting or not), then hand them to `assembleProof` in the same order.
 */
export interface ProofPlan {
  /** The perfect subtrees whose hashes are needed: at most about 2 log2 n. */
  readonly nodes: readonly NodeAddress[];
  /** How many of `nodes`, in order, fold into each hash of the proof. */
  readonly widths: readonly number[];
}

/**
 * Plans the proof that leaf `index` is in the tree of `size` leaves (RFC 6962 section 2.1.1).
 * @throws RangeError unless `0 <= index < size < 2^53`.
 */
export function planInclusion(index: bigint, size: bigint): ProofPlan {
  if (index < 0n || index >= size) throw new RangeError(`index is ${index}; a tree of size ${size} has no such leaf`);
  const leaf = Number(index);
  const siblings: LeafRange[] = [];
  let [begin, end] = [0, treeSize(size)];
  while (end - begin > 1) {
    const middle = begin + largestPowerOfTwoBelow(end - begin);
    if (leaf < middle) {
      siblings.push([middle, end]);
      end = middle;
    } else {
      siblings.push([begin, middle]);
      begin = middle;
    }
  }
  return plan(siblings.reverse());
}

/**
 * Plans the proof that the tree of `to` leaves extends the one of `from` leaves (RFC 6962 section 2.1.2). It is empty
 * when `from` is 0 or `to`.
 * @throws RangeError unless `0 <= from <= to < 2^53`.
 */
export function planConsistency(from: bigint, to: bigint): ProofPlan {
  if (from < 0n || from > to) throw new RangeError(`from is ${from}; expected 0 to ${to}`);
  const old = Number(from);
  let [begin, end] = [0, treeSize(to)];
  if (old === 0) return plan([]);
  const ranges: LeafRange[] = [];
  while (end !== old) {
    const middle = begin + largestPowerOfTwoBelow(end - begin);
    if (old <= middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([begin, middle]);
      begin = middle;
    }
  }
  if (begin > 0) ranges.push([begin, end]); // at 0 it is the old root, which the verifier has
  return plan(ranges.reverse());
}

/**
 * The proof of a {@link ProofPlan}; `hashes` are those of `plan.nodes`, in that order.
 * @throws RangeError when their number differs from the plan's.
 */
export function assembleProof(plan: ProofPlan, hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array[] {
  if (hashes.length !== plan.nodes.length) {
    throw new RangeError(`the plan needs ${plan.nodes.length} hashes; got ${hashes.length}`);
  }
  let end = 0;
  return plan.widths.map((width) => {
    end += width;
    return foldNodes(hashes.slice(end - width, end), sha256);
  });
}

/** Finds the hash of a perfect subtree, in memory or in a tile. */
export type NodeReader = (node: NodeAddress) => Uint8Array;

/** `planInclusion` and `assembleProof` in one step, for nodes that can be read without waiting. */
export function proveInclusion(index: bigint, size: bigint, read: NodeReader, sha256: Sha256): Uint8Array[] {
  const planned = planInclusion(index, size);
  return assembleProof(planned, planned.nodes.map(read), sha256);
}

/** `planConsistency` and `assembleProof` in one step, for nodes that can be read without waiting. */
export function proveConsistency(from: bigint, to: bigint, read: NodeReader, sha256: Sha256): Uint8Array[] {
  const planned = planConsistency(from, to);
  return assembleProof(planned, planned.nodes.map(read), sha256);
}

/**
 * The perfect subtrees that together cover leaves `begin` up to, without, `end`, left to right; each is as large as its
 * place allows. `rangeNodes(0, size)` are the nodes of a {@link CompactRange}.
 * @throws RangeError unless `0 <= begin <= end < 2^53`.
 */
export function rangeNodes(begin: number, end: number): NodeAddress[] {
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || begin < 0 || end < begin) {
    throw new RangeError(`leaves ${begin} to ${end} are no range; expected integers, 0 <= begin <= end < 2^53`);
  }
  const nodes: NodeAddress[] = [];
  for (let at = begin; at < end; ) {
    let level = 0;
    let width = 1;
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** Leaves from the first up to, without, the second. */
type LeafRange = readonly [begin: number, end: number];

function plan(ranges: readonly LeafRange[]): ProofPlan {
  const covers = ranges.map(([begin, end]) => rangeNodes(begin, end));
  return { nodes: covers.flat(), widths: covers.map((nodes) => nodes.length) };
}

function treeSize(size: bigint): number {
  if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`size is ${size}; expected less than 2^53`);
  return Number(size);
}

/** For an integer `n >= 2`. Bit counting, as `Math.log2` is inexact above 2^48. */
function largestPowerOfTwoBelow(n: number): number {
  const high = Math.floor((n - 1) / 2 ** 32);
  return high > 0 ? 2 ** (63 - Math.clz32(high)) : 2 ** (31 - Math.clz32(n - 1));
}

// ------------------------------------------------------------------------------------------------- proofs, verified

/** The largest tree that anyone may claim: sizes are unsigned 64-bit integers. */
const maximumSize = 2n ** 64n - 1n;

/**
 * Whether `proof` shows that the tree with this `size` and `root` has `leaf` (a leaf's hash, see {@link leafHash}) at
 * `index`. Never throws for what a stranger may claim: a proof of the wrong length or a position outside the tree is
 * `false`.
 */
export function verifyInclusion(
  index: bigint,
  size: bigint,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  const computed = rootFromInclusion(index, size, leaf, proof, sha256);
  return computed !== undefined && equalHashes(computed, root);
}

/**
 * The root that an inclusion proof leads to, or `undefined` when the proof cannot belong to that position
 * (RFC 9162 section 2.1.3.2).
 */
export function rootFromInclusion(
  index: bigint,
  size: bigint,
  leaf: Uint8Array,
  proof: readonly Uint8Array[],
  sha256: Sha256,
): Uint8Array | undefined {
  if (index < 0n || index >= size || size > maximumSize || !isHash(leaf) || !proof.every(isHash)) return undefined;
  let node = index;
  let last = size - 1n; // the rightmost node of the same level
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0n) return undefined;
    if (isRightChild(node) || node === last) {
      hash = nodeHash(sibling, hash, sha256);
      [node, last] = skipLevelsWithoutSibling(node, last);
    } else {
      hash = nodeHash(hash, sibling, sha256);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : undefined;
}

/**
 * Whether `proof` shows that the tree `to` extends the tree `from`: its first `from.size` leaves are the same
 * (RFC 9162 section 2.1.4.2). Says nothing of whose trees they are; compare origins and check signatures first. Never
 * throws for what a stranger may claim.
 */
export function verifyConsistency(from: TreeHead, to: TreeHead, proof: readonly Uint8Array[], sha256: Sha256): boolean {
  if (from.size < 0n || from.size > to.size || to.size > maximumSize || !isHash(from.root) || !isHash(to.root))
    return false;
  if (from.size === to.size) return proof.length === 0 && equalHashes(from.root, to.root);
  if (from.size === 0n) return proof.length === 0 && equalHashes(from.root, emptyRoot(sha256));
  if (!proof.every(isHash)) return false;

  let node = from.size - 1n;
  let last = to.size - 1n; // the rightmost node of the same level
  while (isRightChild(node)) {
    node >>= 1n;
    last >>= 1n;
  }
  // The largest perfect subtree that ends where the old tree ends: the old root itself, or the first hash of the proof.
  const [start, ...rest] = node === 0n ? [from.root, ...proof] : proof;
  if (start === undefined) return false;
  let oldHash = start;
  let newHash = start;
  for (const sibling of rest) {
    if (last === 0n) return false;
    if (isRightChild(node) || node === last) {
      oldHash = nodeHash(sibling, oldHash, sha256);
      newHash = nodeHash(sibling, newHash, sha256);
      [node, last] = skipLevelsWithoutSibling(node, last);
    } else {
      newHash = nodeHash(newHash, sibling, sha256);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n && equalHashes(oldHash, from.root) && equalHashes(newHash, to.root);
}

function isRightChild(node: bigint): boolean {
  return (node & 1n) === 1n;
}

/** A rightmost left child has no sibling: its parent's hash is its own. Climbs until the node is a right child or 0. */
function skipLevelsWithoutSibling(node: bigint, last: bigint): [node: bigint, last: bigint] {
  let [climbing, rightmost] = [node, last];
  while (climbing !== 0n && !isRightChild(climbing)) {
    climbing >>= 1n;
    rightmost >>= 1n;
  }
  return [climbing, rightmost];
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === hashBytes;
}

/** Hashes are public: this comparison may take a time that depends on them. */
function equalHashes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
