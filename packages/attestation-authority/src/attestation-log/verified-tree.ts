// The nodes of one signed tree that are known to be authentic, so that verifying the proofs of a batch in order costs about
// one hash each. It keeps the texts of lines that stood in accepted proofs, and can only say yes: a proof is accepted when each of
// its lines was computed or is equal to a known one. What it does not accept is for the caller to judge without it; so a wrong
// proof changes nothing here, and a verdict never depends on what was verified before.
// After C2SP tlog-tiles, nodes are kept in tiles of 8 levels, which are forgotten whole.
import { isNodeText, nodeText, nodeTextLength } from './node-text.js';

const tileLevels = 8;
/** Positions of a tile are those of a binary heap: 256 leaves from 256 on, the two nodes below its top at 2 and 3. */
const tilePositions = 2 ** (tileLevels + 1);
const lineLength = nodeTextLength + 1;
const head = 'c2sp.org/tlog-proof@v1\nindex ';

/** Every so many levels the whole text above a node is kept too, so that comparing it takes one step. */
const restLevels = 4;

interface Tile {
  /** The hashes of nodes, as text. */
  readonly nodes: (string | undefined)[];
  /** What stands in an accepted proof above a node, to its end. */
  readonly rests: (string | undefined)[];
}

/** A tree under a checkpoint that was found trustworthy. */
export class VerifiedTree {
  readonly #tail: string;
  readonly #size: number;
  readonly #root: string;
  readonly #maxTiles: number;
  readonly #tiles = new Map<number, Tile>();

  /** @param checkpoint its text, verbatim @param root base64 @param size less than 2^53 @param maxTiles some 50 KiB each */
  constructor(checkpoint: string, size: number, root: string, maxTiles: number) {
    this.#tail = `\n${checkpoint}`;
    this.#size = size;
    this.#root = root;
    this.#maxTiles = maxTiles;
  }

  /** How many tiles are kept now. */
  get tiles(): number {
    return this.#tiles.size;
  }

  /** The index of `leaf` (its hash as text) if `proof` certainly proves it; `undefined` when that is not certain. */
  indexOf(leaf: string, proof: string): number | undefined {
    if (!proof.endsWith(this.#tail) || !proof.startsWith(head)) return undefined;
    const indexEnd = proof.indexOf('\n', head.length);
    const index = indexOfText(proof.slice(head.length, indexEnd));
    if (index === undefined || index >= this.#size) return undefined;
    const path = { proof, at: indexEnd + 1, end: proof.length - this.#tail.length };
    return this.#climbToKnown(index, leaf, path) || this.#climbToRoot(index, leaf, path) ? index : undefined;
  }

  /** Hashes up to the first known node, and compares the lines above it. */
  #climbToKnown(index: number, leaf: string, { proof, at, end }: ProofLines): boolean {
    const climb = new Climb(index, this.#size, leaf);
    while (climb.seekSibling()) {
      const known = this.#get(climb.level, climb.node);
      if (known !== undefined) {
        if (known !== climb.text || !this.#isKnownAbove(climb, proof, at, end)) return false;
        this.#learn(climb);
        return true;
      }
      if (!climb.join(proof.slice(at, at + nodeTextLength))) return false;
      if (proof.charCodeAt(at + nodeTextLength) !== newline) return false;
      at += lineLength;
    }
    return this.#isRoot(climb, at === end);
  }

  /** The lines above an authentic node must be the ones that are known. No hashing. */
  #isKnownAbove({ level, node, last }: Climb, proof: string, at: number, end: number): boolean {
    const above = new Climb(node, last + 1, '', level);
    let mark: { readonly tile: Tile; readonly position: number; readonly at: number } | undefined;
    while (above.seekSibling()) {
      if (above.level % restLevels === 0 && above.level > level) {
        const place = this.#place(above.level, above.node);
        const rest = place?.tile.rests[place.position];
        if (rest !== undefined) return proof.length - at === rest.length && proof.endsWith(rest);
        if (place !== undefined) mark ??= { ...place, at };
      }
      const sibling = this.#get(above.level, siblingOf(above.node));
      if (sibling === undefined || !proof.startsWith(sibling, at)) return false;
      if (proof.charCodeAt(at + nodeTextLength) !== newline) return false;
      at += lineLength;
      above.rise();
    }
    if (at !== end) return false;
    // A copy: a slice would keep its whole proof in memory.
    if (mark !== undefined) mark.tile.rests[mark.position] = Buffer.from(proof.slice(mark.at)).toString();
    return true;
  }

  /** Hashes the whole way: for when tiles above were forgotten. */
  #climbToRoot(index: number, leaf: string, { proof, at, end }: ProofLines): boolean {
    const climb = new Climb(index, this.#size, leaf);
    while (climb.seekSibling()) {
      if (!climb.join(proof.slice(at, at + nodeTextLength))) return false;
      if (proof.charCodeAt(at + nodeTextLength) !== newline) return false;
      at += lineLength;
    }
    return this.#isRoot(climb, at === end);
  }

  #isRoot(climb: Climb, isWholeProof: boolean): boolean {
    if (!isWholeProof || climb.text !== this.#root) return false;
    this.#learn(climb);
    return true;
  }

  /** All that was climbed is authentic now: the nodes by their hashes, their siblings because the hashes are of them. */
  #learn({ steps }: Climb): void {
    for (const { level, node, text, sibling } of steps) {
      this.#set(level, node, text);
      this.#set(level, siblingOf(node), sibling);
    }
  }

  #get(level: number, node: number): string | undefined {
    const place = this.#place(level, node);
    return place?.tile.nodes[place.position];
  }

  #place(level: number, node: number): { readonly tile: Tile; readonly position: number } | undefined {
    const row = level % tileLevels;
    const width = 2 ** (tileLevels - row);
    const tile = this.#tiles.get(tileKey((level - row) / tileLevels, Math.floor(node / width)));
    return tile && { tile, position: width + (node % width) };
  }

  #set(level: number, node: number, text: string): void {
    const row = level % tileLevels;
    const width = 2 ** (tileLevels - row);
    const key = tileKey((level - row) / tileLevels, Math.floor(node / width));
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      if (this.#tiles.size >= this.#maxTiles) this.#tiles.delete(this.#tiles.keys().next().value!);
      tile = { nodes: new Array<string | undefined>(tilePositions).fill(undefined), rests: [] };
      this.#tiles.set(key, tile);
    }
    tile.nodes[width + (node % width)] = text;
  }
}

interface ProofLines {
  readonly proof: string;
  /** Where the first line of the path begins, and where the last ends. */
  readonly at: number;
  readonly end: number;
}

/** One level of a climb: a node, its hash, and its sibling's. */
interface Step {
  readonly level: number;
  readonly node: number;
  readonly text: string;
  readonly sibling: string;
}

/** The way from a leaf to the root (RFC 9162 section 2.1.3.2). */
class Climb {
  readonly steps: Step[] = [];
  level: number;
  node: number;
  /** The rightmost node of the level. */
  last: number;
  text: string;

  constructor(node: number, width: number, text: string, level = 0) {
    this.node = node;
    this.last = width - 1;
    this.text = text;
    this.level = level;
  }

  /** Goes up over levels on which the node has no sibling; `false` at the root. */
  seekSibling(): boolean {
    while (this.last > 0 && this.node === this.last && this.node % 2 === 0) this.rise();
    return this.last > 0;
  }

  /** Goes up by a sibling's text; `false` when that is none. */
  join(sibling: string): boolean {
    if (!isNodeText(sibling)) return false;
    const { level, node, text } = this;
    const parent = node % 2 === 1 ? nodeText(sibling, text) : nodeText(text, sibling);
    if (parent === undefined) return false;
    this.steps.push({ level, node, text, sibling });
    this.text = parent;
    this.rise();
    return true;
  }

  rise(): void {
    this.node = Math.floor(this.node / 2);
    this.last = Math.floor(this.last / 2);
    this.level++;
  }
}

const newline = 0x0a;

function siblingOf(node: number): number {
  return node % 2 === 0 ? node + 1 : node - 1;
}

/** Tile levels are at most 6 in trees of fewer than 2^53 leaves. */
function tileKey(level: number, tile: number): number {
  return tile * 8 + level;
}

/** A decimal index without leading zeros, below 2^53. */
function indexOfText(text: string): number | undefined {
  if (text.length > 15 || !/^(?:0|[1-9]\d*)$/.test(text)) return undefined;
  return Number(text);
}
