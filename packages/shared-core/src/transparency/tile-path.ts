// Where a tiled log keeps the hashes of its tree and its entries: files of up to 256 hashes or entries, named by level and
// index. Source: C2SP tlog-tiles v1.0.0 (https://c2sp.org/tlog-tiles).
import type { NodeAddress } from './merkle-tree.js';

/** Hashes of a full tile, entries of a full bundle. */
export const fullTileWidth = 256;
/** How many levels of the tree one level of tiles spans: `2 ** tileHeight` is {@link fullTileWidth}. */
export const tileHeight = 8;

/** Names a tile of hashes, or a bundle of entries. */
export interface TilePath {
  /** A level of tiles, 0 to 63 (0 holds leaf hashes), or `entries`. */
  readonly level: number | 'entries';
  /** Which of its level, from 0. */
  readonly index: number;
  /** How many hashes or entries: 256 when it is full, 1 to 255 while it is partial. */
  readonly width: number;
}

/** Names a tile of hashes. */
export interface HashTilePath extends TilePath {
  /** A level of tiles, 0 to 63. */
  readonly level: number;
}

/** The tile that a path such as `tile/0/x001/x234/067.p/5` names, or `undefined` when it names none. */
export function parseTilePath(text: string): TilePath | undefined {
  const [, level, groups, width] =
    /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(text) ?? [];
  if (level === undefined || groups === undefined) return undefined;
  const path: TilePath = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replaceAll(/[x/]/g, '')),
    width: width === undefined ? fullTileWidth : Number(width),
  };
  // Leading zeros, a partial tile of width 0 or 256 and an index beyond 2^53 do not print back.
  return isTilePath(path) && printTilePath(path) === text ? path : undefined;
}

/**
 * The path of a tile, relative to the log's prefix; {@link parseTilePath} reads it back.
 * @throws RangeError when level, index or width is out of range.
 */
export function printTilePath(path: TilePath): string {
  if (!isTilePath(path)) {
    const { level, index, width } = path;
    throw new RangeError(`no tile has level ${level}, index ${index}, width ${width}; expected 0-63, 0-, 1-256`);
  }
  const digits = path.index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g)!;
  const last = groups.pop();
  const partial = path.width === fullTileWidth ? '' : `.p/${path.width}`;
  return `tile/${path.level}/${groups.map((group) => `x${group}/`).join('')}${last}${partial}`;
}

function isTilePath({ level, index, width }: TilePath): boolean {
  return (
    (level === 'entries' || isIntegerFrom(0, level, 63)) &&
    isIntegerFrom(0, index, Number.MAX_SAFE_INTEGER) &&
    isIntegerFrom(1, width, fullTileWidth)
  );
}

function isIntegerFrom(minimum: number, value: number, maximum: number): boolean {
  return Number.isSafeInteger(value) && value >= minimum && value <= maximum;
}

/**
 * The tile that holds, or is folded into, the hash of a perfect subtree, in the tree of `size` leaves: where to read what
 * a proof plan asks for. `hashFromTile` then takes the hash out of it.
 * @throws RangeError when the subtree is not complete at that size.
 */
export function tileOfNode(node: NodeAddress, size: number): TilePath {
  const level = Math.floor(node.level / tileHeight);
  const index = Math.floor((node.index * 2 ** (node.level % tileHeight)) / fullTileWidth);
  if ((node.index + 1) * 2 ** node.level > size) {
    throw new RangeError(`a tree of size ${size} has no complete subtree ${node.index} at level ${node.level}`);
  }
  return { level, index, width: tileWidth(level, index, size) };
}

/** How many hashes tile `index` of `level` has in the tree of `size` leaves: 0 to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / fullTileWidth ** level) - index * fullTileWidth;
  return Math.max(0, Math.min(hashes, fullTileWidth));
}

/**
 * The tiles of hashes that a tree of `to` leaves has and the one of `from` leaves had not, or had narrower; level by
 * level, left to right. `newTiles(0, size)` are all tiles of a tree.
 * @throws RangeError unless `0 <= from <= to < 2^53`.
 */
export function* newTiles(from: number, to: number): Generator<HashTilePath> {
  if (!isIntegerFrom(0, from, to) || !Number.isSafeInteger(to)) {
    throw new RangeError(`from ${from} to ${to} is no growth; expected integers, 0 <= from <= to < 2^53`);
  }
  for (let level = 0; ; level++) {
    const before = Math.floor(from / fullTileWidth ** level);
    const after = Math.floor(to / fullTileWidth ** level);
    if (after === 0) return;
    if (after === before) continue;
    for (let index = Math.floor(before / fullTileWidth); index * fullTileWidth < after; index++) {
      yield { level, index, width: tileWidth(level, index, to) };
    }
  }
}
