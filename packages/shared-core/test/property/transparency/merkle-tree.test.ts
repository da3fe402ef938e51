import { hash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.js';
import {
  CompactRange,
  type NodeAddress,
  proveConsistency,
  proveInclusion,
  rangeNodes,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/transparency/index.js';

// A tree of 2^20 leaves whose perfect subtrees are hashed level by level, straight from the definition; the hash of any
// other range of leaves is RFC 6962's recursion over them.
const height = 20;
const largest = 2 ** height;
const levels: Buffer[] = [];
const oneShot = (input: Buffer): Buffer => hash('sha256', input, 'buffer');
const perfect = (level: number, index: number): Buffer => levels[level]!.subarray(index * 32, index * 32 + 32);
const read = ({ level, index }: NodeAddress): Uint8Array => perfect(level, index);

beforeAll(() => {
  const leaves = Buffer.alloc(largest * 32);
  for (let at = 0; at < largest; at++) leaves.writeUInt32BE((at * 2654435761) % 2 ** 32, at * 32);
  levels.push(leaves);
  const input = Buffer.alloc(65, 1);
  for (let level = 1; level <= height; level++) {
    const nodes = Buffer.alloc(2 ** (height - level) * 32);
    for (let at = 0; at < nodes.length / 32; at++) {
      levels[level - 1]!.copy(input, 1, at * 64, at * 64 + 64);
      oneShot(input).copy(nodes, at * 32);
    }
    levels.push(nodes);
  }
}, 60_000);

/** MTH(D[begin:end]) for a begin that is a multiple of the largest power of two in the range. */
function mth(begin: number, end: number): Buffer {
  const size = end - begin;
  const k = split(size);
  if (size === 1) return perfect(0, begin);
  if (size === 2 * k && begin % size === 0) return perfect(Math.log2(size), begin / size);
  return oneShot(Buffer.concat([Buffer.of(1), mth(begin, begin + k), mth(begin + k, end)]));
}

function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

const size = fc.integer({ min: 1, max: largest });

describe('a tree of up to 2^20 leaves', () => {
  it('has the root of the recursive definition, grown leaf by leaf', () => {
    const checkpoints = new Set(fc.sample(size, { numRuns: 200, seed: 6962 }).concat(largest));
    const range = new CompactRange(sha256);
    for (let at = 0; at < largest; at++) {
      range.append(perfect(0, at));
      if (checkpoints.has(at + 1)) expect(Buffer.from(range.root())).toEqual(mth(0, at + 1));
    }
  }, 60_000);

  it('resumes at any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: largest - 50 }), fc.nat(50), (from, more) => {
        const range = new CompactRange(sha256, { size: from, hashes: rangeNodes(0, from).map(read) });
        for (let at = from; at < from + more; at++) range.append(perfect(0, at));
        if (from + more > 0) expect(Buffer.from(range.root())).toEqual(mth(0, from + more));
      }),
      { numRuns: 300 },
    );
  });

  it('has inclusion proofs that verify, for the leaf and size they are of alone', () => {
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (leaves, indexSeed, bitSeed) => {
        const index = indexSeed % leaves;
        const proof = proveInclusion(BigInt(index), BigInt(leaves), read, sha256).map((part) => new Uint8Array(part));
        const holds = (at: number, of: number): boolean =>
          verifyInclusion(BigInt(at), BigInt(of), perfect(0, index), proof, mth(0, leaves), sha256);
        expect(holds(index, leaves)).toBe(true);
        expect(holds(index ^ 1, leaves)).toBe(false);
        if (proof.length === 0) return;
        const bit = bitSeed % (proof.length * 256);
        proof[bit >> 8]![(bit >> 3) & 31]! ^= 1 << (bit & 7);
        expect(holds(index, leaves)).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('has consistency proofs that verify, and not after a bit is changed', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, bitSeed) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const proof = proveConsistency(BigInt(from), BigInt(to), read, sha256).map((part) => new Uint8Array(part));
        const holds = (): boolean =>
          verifyConsistency(
            { size: BigInt(from), root: mth(0, from) },
            { size: BigInt(to), root: mth(0, to) },
            proof,
            sha256,
          );
        expect(holds()).toBe(true);
        if (proof.length === 0) return;
        const bit = bitSeed % (proof.length * 256);
        proof[bit >> 8]![(bit >> 3) & 31]! ^= 1 << (bit & 7);
        expect(holds()).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('covers any range by perfect subtrees that follow each other', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const [begin, end] = a < b ? [a, b] : [b, a];
        const nodes = rangeNodes(begin, end);
        expect(nodes.length).toBeLessThanOrEqual(106);
        let at = begin;
        for (const { level, index } of nodes) {
          expect(index * 2 ** level).toBe(at);
          at += 2 ** level;
        }
        expect(at).toBe(end);
      }),
    );
  });
});
