import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/index.js';
import {
  assembleProof,
  checkEntryLength,
  decodeEntryBundle,
  decodeTile,
  encodeEntryBundle,
  encodeTile,
  hashFromTile,
  leafHash,
  newTiles,
  parseTilePath,
  planConsistency,
  planInclusion,
  printTilePath,
  tileOfNode,
  tileWidth,
} from '../../../src/transparency/index.js';
import { NaiveMerkleTree } from './naive-merkle-tree.js';

describe('tile path', () => {
  it.each([
    // c2sp.org/tlog-tiles: "index 1234067 will be encoded as x001/x234/067".
    ['tile/0/x001/x234/067', { level: 0, index: 1234067, width: 256 }],
    ['tile/entries/x001/x234/067.p/17', { level: 'entries', index: 1234067, width: 17 }],
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/63/999.p/255', { level: 63, index: 999, width: 255 }],
    ['tile/1/x001/000.p/1', { level: 1, index: 1000, width: 1 }],
  ] as const)('%s is read and printed', (text, path) => {
    expect(parseTilePath(text)).toEqual(path);
    expect(printTilePath(path)).toBe(text);
  });

  it.each([
    'tile/64/000',
    'tile/00/000',
    'tile/-1/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001/x002',
    'tile/0/x1/002',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p/',
    'tile/0/000.p',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    'tile/data/000',
    'tile/0/x009/x007/x199/x254/x740/992', // 2^53
    '',
  ])('%j is refused', (text) => {
    expect(parseTilePath(text)).toBeUndefined();
  });

  it('reaches to the last index below 2^53', () => {
    const path = { level: 0, index: Number.MAX_SAFE_INTEGER, width: 256 };
    expect(printTilePath(path)).toBe('tile/0/x009/x007/x199/x254/x740/991');
    expect(parseTilePath(printTilePath(path))).toEqual(path);
  });

  it('is not printed for a tile that cannot be', () => {
    for (const path of [
      { level: 64, index: 0, width: 1 },
      { level: 0, index: -1, width: 1 },
      { level: 0, index: 0.5, width: 1 },
      { level: 0, index: 0, width: 0 },
      { level: 0, index: 0, width: 257 },
    ]) {
      expect(() => printTilePath(path)).toThrow(RangeError);
    }
  });
});

describe('tiles of a tree', () => {
  const tilesOf = (size: number): string[] => [...newTiles(0, size)].map(printTilePath);

  it('are those that the specification counts for sizes 70,000 and 256', () => {
    const tiles = tilesOf(70_000);
    expect(tiles.filter((path) => /^tile\/0\/\d{3}$/.test(path)).length).toBe(273);
    expect(tiles.filter((path) => !/^tile\/0\/\d{3}$/.test(path))).toEqual([
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]);
    expect(tilesOf(256)).toEqual(['tile/0/000', 'tile/1/000.p/1']);
    expect(tilesOf(0)).toEqual([]);
  });

  it('that growth adds or widens are those of the new tree that the old one lacked', () => {
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [255, 256],
      [255, 257],
      [256, 300],
      [65_535, 65_536],
      [65_536, 65_537],
      [70_000, 140_000],
    ] as const) {
      const old = new Set(tilesOf(from));
      expect([...newTiles(from, to)].map(printTilePath)).toEqual(tilesOf(to).filter((path) => !old.has(path)));
    }
    expect(() => [...newTiles(2, 1)]).toThrow(RangeError);
  });

  it('give every proof of trees of sizes around 256, 512 and 70,000', () => {
    const entries = Array.from({ length: 70_000 }, (_, at) => Uint8Array.of(at, at >> 8, at >> 16));
    const oracle = new NaiveMerkleTree(entries);
    for (const size of [1, 255, 256, 257, 511, 600, 70_000]) {
      const files = new Map<string, Uint8Array>();
      for (const tile of newTiles(0, size)) {
        const span = 256 ** tile.level;
        const hashes = Array.from({ length: tile.width }, (_, at) => {
          const begin = (tile.index * 256 + at) * span;
          return oracle.hash(begin, begin + span);
        });
        files.set(printTilePath(tile), encodeTile(hashes));
      }
      const read = (node: { level: number; index: number }): Uint8Array =>
        hashFromTile(node, files.get(printTilePath(tileOfNode(node, size)))!, sha256);
      for (const index of new Set([0, 1, 254, 255, 256, 258, size >> 1, size - 2, size - 1])) {
        if (index < 0 || index >= size) continue;
        const plan = planInclusion(BigInt(index), BigInt(size));
        expect(assembleProof(plan, plan.nodes.map(read), sha256)).toEqual(oracle.inclusion(index, size));
        if (index === 0) continue;
        const growth = planConsistency(BigInt(index), BigInt(size));
        expect(assembleProof(growth, growth.nodes.map(read), sha256)).toEqual(oracle.consistency(index, size));
      }
    }
  });

  it('hold only complete subtrees', () => {
    expect(() => tileOfNode({ level: 1, index: 2 }, 5)).toThrow('size 5 has no complete subtree 2 at level 1');
    expect(() => hashFromTile({ level: 1, index: 0 }, new Uint8Array(32), sha256)).toThrow(/needs more/);
    expect(() => assembleProof(planInclusion(0n, 3n), [], sha256)).toThrow('needs 2 hashes; got 0');
    expect(tileWidth(0, 1, 256)).toBe(0);
    expect(tileWidth(0, 9, 256)).toBe(0);
  });
});

describe('tile codec', () => {
  it('takes 1 to 256 whole hashes', () => {
    for (const length of [0, 1, 31, 33, 257 * 32]) expect(decodeTile(new Uint8Array(length))).toBeUndefined();
    expect(decodeTile(new Uint8Array(256 * 32))?.length).toBe(256);
    expect(() => encodeTile([])).toThrow('got 0 hashes; expected 1 to 256');
    expect(() => encodeTile(Array(257).fill(new Uint8Array(32)))).toThrow(RangeError);
    expect(() => encodeTile([new Uint8Array(32), new Uint8Array(31)])).toThrow('hash 1 has 31 bytes');
  });

  it('writes the length of an entry in two bytes, high byte first', () => {
    const bundle = encodeEntryBundle([new Uint8Array(0), new Uint8Array(258).fill(1), Uint8Array.of(9)]);
    expect([...bundle.subarray(0, 4)]).toEqual([0, 0, 1, 2]);
    expect([...bundle.subarray(-3)]).toEqual([0, 1, 9]);
    expect(decodeEntryBundle(bundle)?.map((entry) => entry.length)).toEqual([0, 258, 1]);
  });

  it('refuses bundles that are cut, too long or empty', () => {
    const bundle = encodeEntryBundle([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
    const whole = [5, bundle.length];
    for (let end = 0; end <= bundle.length; end++) {
      expect(decodeEntryBundle(bundle.subarray(0, end)) !== undefined).toBe(whole.includes(end));
    }
    expect(decodeEntryBundle(new Uint8Array(2 * 256))?.length).toBe(256);
    expect(decodeEntryBundle(new Uint8Array(2 * 257))).toBeUndefined();
    expect(() => encodeEntryBundle(Array(257).fill(new Uint8Array(1)))).toThrow(RangeError);
    expect(() => encodeEntryBundle([])).toThrow('got 0 entries');
  });

  it('refuses an entry of more than 65,535 bytes with EntryTooLarge', () => {
    const longest = new Uint8Array(65_535).fill(3);
    expect(decodeEntryBundle(encodeEntryBundle([longest]))).toEqual([longest]);
    const tooLong = new Uint8Array(65_536);
    expect(() => encodeEntryBundle([tooLong])).toThrow(
      expect.objectContaining({ code: 'EntryTooLarge', details: { bytes: 65_536, maximum: 65_535 } }),
    );
    expect(() => checkEntryLength(tooLong)).toThrow(expect.objectContaining({ code: 'EntryTooLarge' }));
    expect(leafHash(tooLong, sha256).length).toBe(32);
  });
});
