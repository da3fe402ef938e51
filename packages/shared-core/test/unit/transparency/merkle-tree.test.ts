import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.js';
import {
  CompactRange,
  emptyRoot,
  foldNodes,
  leafHash,
  type NodeAddress,
  planConsistency,
  planInclusion,
  proveConsistency,
  proveInclusion,
  rangeNodes,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/transparency/index.js';
import { NaiveMerkleTree } from './naive-merkle-tree.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const copy = (hash: Uint8Array): Uint8Array => hash.slice();
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

// The eight leaves and the roots of their trees of size 0 to 8: google/certificate-transparency, merkletree_test.cc
// ("SHA256 root hashes from literally building trees"), repeated in transparency-dev/merkle testonly/constants.go.
const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  bytes,
);
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const largest = 300;
const entries = Array.from({ length: largest }, (_, at) =>
  bytes(
    at
      .toString(16)
      .padStart(8, '0')
      .repeat(at % 5),
  ),
);
const oracle = new NaiveMerkleTree(entries);
const leafOf = (node: NodeAddress): Uint8Array =>
  oracle.hash(node.index * 2 ** node.level, (node.index + 1) * 2 ** node.level);

describe('compact range', () => {
  it('has the published roots for sizes 0 to 8', () => {
    const range = new CompactRange(sha256);
    expect(hex(range.root())).toBe(roots[0]);
    expect(hex(emptyRoot(sha256))).toBe(roots[0]);
    leaves.forEach((leaf, at) => {
      range.append(leafHash(leaf, sha256));
      expect(hex(range.root())).toBe(roots[at + 1]);
    });
  });

  it('has the root of the recursive definition at every size up to 300', () => {
    const range = new CompactRange(sha256);
    for (let size = 0; size <= largest; size++) {
      expect(range.size).toBe(size);
      expect(range.root()).toEqual(oracle.hash(0, size));
      if (size < largest) range.append(leafHash(entries[size]!, sha256));
    }
  });

  it('tells of every perfect subtree once, when its last leaf arrives', () => {
    const range = new CompactRange(sha256);
    const seen = new Map<string, number>();
    entries.forEach((entry, at) => {
      range.append(leafHash(entry, sha256), (level, index, hash) => {
        expect((index + 1) * 2 ** level).toBe(at + 1);
        expect(hash).toEqual(leafOf({ level, index }));
        seen.set(`${level}/${index}`, (seen.get(`${level}/${index}`) ?? 0) + 1);
      });
    });
    const perfect = Array.from({ length: 9 }, (_, level) => Math.floor(largest / 2 ** level)).reduce((a, b) => a + b);
    expect(seen.size).toBe(perfect);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
  });

  it('resumes at any size from the hashes of its range nodes', () => {
    for (let size = 0; size < largest; size += 7) {
      const hashes = rangeNodes(0, size).map(leafOf);
      const range = new CompactRange(sha256, { size, hashes });
      expect(range.root()).toEqual(oracle.hash(0, size));
      range.append(leafHash(entries[size]!, sha256));
      expect(range.root()).toEqual(oracle.hash(0, size + 1));
      expect(range.hashes).toEqual(rangeNodes(0, size + 1).map(leafOf));
    }
  });

  it('does not resume from the wrong number of hashes, a short hash or a size that is no count', () => {
    const hash = new Uint8Array(32);
    expect(() => new CompactRange(sha256, { size: 3, hashes: [hash] })).toThrow(/size 3 resumes from 2 hashes/);
    expect(() => new CompactRange(sha256, { size: 1, hashes: [hash.subarray(1)] })).toThrow(RangeError);
    expect(() => new CompactRange(sha256, { size: -1, hashes: [] })).toThrow(RangeError);
    expect(() => new CompactRange(sha256, { size: 1.5, hashes: [] })).toThrow(RangeError);
    expect(() => new CompactRange(sha256, { size: 2 ** 53, hashes: [hash] })).toThrow(RangeError);
  });

  it('gives out a root of its own, and keeps copies of what it resumes from', () => {
    for (const size of [1, 2, 3, 4]) {
      const hashes = rangeNodes(0, size).map((node) => copy(leafOf(node)));
      const range = new CompactRange(sha256, { size, hashes });
      range.root().fill(0);
      for (const hash of hashes) hash.fill(0);
      expect(range.root()).toEqual(oracle.hash(0, size));
    }
  });

  it('refuses a leaf that is no hash', () => {
    expect(() => new CompactRange(sha256).append(new Uint8Array(31))).toThrow(/32 bytes/);
  });

  it('hashes entries of any length without mixing them up', () => {
    for (const length of [0, 1, 65_534, 65_535, 65_536, 100_000, 3]) {
      const entry = new Uint8Array(length).fill(length % 251);
      expect(leafHash(entry, sha256)).toEqual(new NaiveMerkleTree([entry]).hash(0, 1));
    }
  });

  it('folds no empty list', () => {
    expect(() => foldNodes([], sha256)).toThrow(RangeError);
  });
});

describe('inclusion proofs', () => {
  it('are those of the recursive definition, and verify, for every leaf of every tree up to 300', () => {
    for (let size = 1; size <= largest; size++) {
      const root = oracle.hash(0, size);
      for (let index = 0; index < size; index++) {
        const proof = proveInclusion(BigInt(index), BigInt(size), leafOf, sha256);
        const expected = oracle.inclusion(index, size);
        if (proof.length !== expected.length || !proof.every((hash, at) => Buffer.compare(hash, expected[at]!) === 0)) {
          expect({ size, index, proof: proof.map(hex) }).toEqual({ size, index, proof: expected.map(hex) });
        }
        const leaf = oracle.hash(index, index + 1);
        if (!verifyInclusion(BigInt(index), BigInt(size), leaf, proof, root, sha256)) {
          expect.unreachable(`the proof of leaf ${index} of ${size} does not verify`);
        }
      }
    }
  });

  it('are refused after any single-bit change of proof, leaf or root', () => {
    for (const [index, size] of [
      [0, 1],
      [0, 2],
      [2, 3],
      [4, 7],
      [6, 7],
      [99, 300],
      [299, 300],
    ] as const) {
      const proof = oracle.inclusion(index, size).map(copy);
      const leaf = copy(oracle.hash(index, index + 1));
      const root = copy(oracle.hash(0, size));
      const verifies = (): boolean => verifyInclusion(BigInt(index), BigInt(size), leaf, proof, root, sha256);
      expect(verifies()).toBe(true);
      for (const part of [...proof, leaf, root]) expect(flipsAccepted(part, verifies)).toBe(0);
    }
  });

  it('are refused at every other position, and with a hash more or less', () => {
    for (let size = 2; size <= 20; size++) {
      for (let index = 0; index < size; index++) {
        const proof = oracle.inclusion(index, size);
        const leaf = oracle.hash(index, index + 1);
        const root = oracle.hash(0, size);
        const at = (position: number, ofSize: number, hashes = proof): boolean =>
          verifyInclusion(BigInt(position), BigInt(ofSize), leaf, hashes, root, sha256);
        for (let other = -1; other <= size + 1; other++) expect(at(other, size)).toBe(other === index);
        expect(at(index, size, proof.slice(1))).toBe(false);
        expect(at(index, size, proof.slice(0, -1))).toBe(false);
        expect(at(index, size, [...proof, root])).toBe(false);
        expect(at(index, size, [leaf, ...proof])).toBe(false);
      }
    }
  });

  it('are false, never an error, for positions and lengths that cannot be', () => {
    const hash = new Uint8Array(32);
    expect(verifyInclusion(0n, 0n, hash, [], hash, sha256)).toBe(false);
    expect(verifyInclusion(-1n, 1n, hash, [], hash, sha256)).toBe(false);
    expect(verifyInclusion(1n, 1n, hash, [], hash, sha256)).toBe(false);
    expect(verifyInclusion(0n, 2n ** 70n, hash, Array(70).fill(hash), hash, sha256)).toBe(false);
    expect(verifyInclusion(0n, 2n, hash, [hash.subarray(1)], hash, sha256)).toBe(false);
    expect(verifyInclusion(0n, 1n, hash.subarray(1), [], hash.subarray(1), sha256)).toBe(false);
    expect(verifyInclusion(0n, 1n, hash, [], hash.subarray(1), sha256)).toBe(false);
  });

  it('are not planned outside the tree', () => {
    expect(() => planInclusion(5n, 5n)).toThrow('index is 5; a tree of size 5 has no such leaf');
    expect(() => planInclusion(-1n, 5n)).toThrow(RangeError);
    expect(() => planInclusion(0n, 2n ** 53n)).toThrow(/less than 2\^53/);
  });

  it('work at the largest size: the path of a leaf of a tree of 2^53 - 1', () => {
    const size = 2n ** 53n - 1n;
    const constant = new Uint8Array(32).fill(9);
    const proof = proveInclusion(size - 1n, size, () => constant, sha256);
    expect(proof.length).toBe(52); // the last leaf's siblings are the perfect subtrees of 2^1 ... 2^52 leaves
    expect(planInclusion(0n, size).widths.length).toBe(53);
  });
});

describe('consistency proofs', () => {
  it('are those of the recursive definition, and verify, for every pair of sizes up to 300', () => {
    for (let to = 0; to <= largest; to++) {
      const newHead = { size: BigInt(to), root: oracle.hash(0, to) };
      for (let from = 0; from <= to; from++) {
        const oldHead = { size: BigInt(from), root: oracle.hash(0, from) };
        const proof = proveConsistency(BigInt(from), BigInt(to), leafOf, sha256);
        const expected = from === 0 || from === to ? [] : oracle.consistency(from, to);
        if (proof.length !== expected.length || !proof.every((hash, at) => Buffer.compare(hash, expected[at]!) === 0)) {
          expect({ from, to, proof: proof.map(hex) }).toEqual({ from, to, proof: expected.map(hex) });
        }
        if (!verifyConsistency(oldHead, newHead, proof, sha256)) {
          expect.unreachable(`the proof from ${from} to ${to} does not verify`);
        }
      }
    }
  });

  it('are refused after any single-bit change of proof or roots', () => {
    for (const [from, to] of [
      [0, 5],
      [1, 2],
      [3, 7],
      [4, 7],
      [6, 7],
      [7, 7],
      [128, 300],
      [217, 300],
    ] as const) {
      const proof = from === 0 || from === to ? [] : oracle.consistency(from, to).map(copy);
      const oldHead = { size: BigInt(from), root: copy(oracle.hash(0, from)) };
      const newHead = { size: BigInt(to), root: copy(oracle.hash(0, to)) };
      const verifies = (): boolean => verifyConsistency(oldHead, newHead, proof, sha256);
      expect(verifies()).toBe(true);
      for (const part of [...proof, oldHead.root]) expect(flipsAccepted(part, verifies)).toBe(0);
      // Every tree extends the empty one, so its consistency says nothing about the new root.
      expect(flipsAccepted(newHead.root, verifies)).toBe(from === 0 ? 256 : 0);
    }
  });

  it('are refused for every other pair of sizes, reversed, and with a hash more or less', () => {
    for (let to = 2; to <= 18; to++) {
      for (let from = 1; from < to; from++) {
        const proof = oracle.consistency(from, to);
        const oldRoot = oracle.hash(0, from);
        const newRoot = oracle.hash(0, to);
        const check = (oldSize: number, newSize: number, hashes = proof): boolean =>
          verifyConsistency(
            { size: BigInt(oldSize), root: oldRoot },
            { size: BigInt(newSize), root: newRoot },
            hashes,
            sha256,
          );
        for (let other = -1; other <= to + 1; other++) expect(check(other, to)).toBe(other === from);
        expect(check(to, from)).toBe(false);
        expect(check(from, to, proof.slice(1))).toBe(false);
        expect(check(from, to, proof.slice(0, -1))).toBe(false);
        expect(check(from, to, [...proof, newRoot])).toBe(false);
        expect(check(from, to, [oldRoot, ...proof])).toBe(false);
      }
    }
  });

  it('of equal sizes need equal roots and no hashes', () => {
    const head = { size: 3n, root: oracle.hash(0, 3) };
    expect(verifyConsistency(head, { size: 3n, root: oracle.hash(0, 4) }, [], sha256)).toBe(false);
    expect(verifyConsistency(head, head, [head.root], sha256)).toBe(false);
  });

  it('are not planned backwards or beyond 2^53', () => {
    expect(() => planConsistency(6n, 5n)).toThrow('from is 6; expected 0 to 5');
    expect(() => planConsistency(-1n, 5n)).toThrow(RangeError);
    expect(() => planConsistency(1n, 2n ** 60n)).toThrow(RangeError);
  });
});

/** Flips each bit of `part` in turn and counts how often the check still passes. */
function flipsAccepted(part: Uint8Array, check: () => boolean): number {
  let accepted = 0;
  for (let bit = 0; bit < part.length * 8; bit++) {
    part[bit >> 3]! ^= 1 << (bit & 7);
    if (check()) accepted++;
    part[bit >> 3]! ^= 1 << (bit & 7);
  }
  return accepted;
}
