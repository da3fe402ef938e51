// A client of a static log that knows only the specifications, and shares no code with the suite: RFC 6962 hashes computed
// by recursion, node:crypto for signatures. Sources: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-proof; RFC 6962.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StaticLog {
  readonly origin: string;
  readonly size: number;
  readonly entries: Buffer[];
  /** Full and partial tiles of level 0, one hash after the other. */
  readonly leaves: Buffer[];
  readonly root: Buffer;
}

/** Reads everything that a checkpoint calls for from a folder that a web server would serve. Throws at the first lie. */
export function readStaticLog(folder: string, publicKey: Uint8Array): StaticLog {
  const { origin, size, root } = openCheckpoint(readFileSync(join(folder, 'checkpoint'), 'utf8'), publicKey);
  const leaves = readHashes(folder, 0, size);
  const entries = readEntries(folder, size);
  entries.forEach((entry, index) => {
    if (!sha256(Buffer.of(0), entry).equals(leaves[index]!)) throw new Error(`entry ${index} has another leaf hash`);
  });
  if (!treeHash(leaves).equals(root)) throw new Error('the leaves do not lead to the root');
  for (let level = 1; 256 ** level <= size; level++) {
    readHashes(folder, level, size).forEach((hash, at) => {
      const below = leaves.slice(at * 256 ** level, (at + 1) * 256 ** level);
      if (!treeHash(below).equals(hash)) throw new Error(`hash ${at} of tile level ${level} is wrong`);
    });
  }
  return { origin, size, entries, leaves, root };
}

/** Origin, size and root of a signed note whose first signature is of `publicKey`. */
export function openCheckpoint(note: string, publicKey: Uint8Array) {
  const [text, signatures] = note.split(/(?<=\n)\n/) as [string, string];
  const [origin, size, root] = text.split('\n') as [string, string, string];
  const [, name, encoded] = /^\u2014 (\S+) (\S+)\n/.exec(signatures) as unknown as [string, string, string];
  const bytes = Buffer.from(encoded, 'base64');
  const keyId = sha256(Buffer.from(`${name}\n`), Buffer.of(1), publicKey).subarray(0, 4);
  if (name !== origin || !bytes.subarray(0, 4).equals(keyId)) throw new Error('the signature is of another key');
  if (!verify(null, Buffer.from(text), ed25519Key(publicKey), bytes.subarray(4))) throw new Error('bad signature');
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

/** Whether a tlog-proof text proves `entry`, signature included (RFC 9162 section 2.1.3.2, by recursion). */
export function checkProof(proof: string, entry: Uint8Array, publicKey: Uint8Array): boolean {
  const blank = proof.indexOf('\n\n');
  const [version, index, ...path] = proof.slice(0, blank).split('\n') as [string, string, ...string[]];
  if (version !== 'c2sp.org/tlog-proof@v1') return false;
  const { size, root } = openCheckpoint(proof.slice(blank + 2), publicKey);
  const hashes = path.map((line) => Buffer.from(line, 'base64'));
  const climb = (at: number, count: number): Buffer => {
    if (count === 1) return sha256(Buffer.of(0), entry);
    let left = 1;
    while (2 * left < count) left *= 2;
    const sibling = hashes.pop()!;
    return at < left
      ? sha256(Buffer.of(1), climb(at, left), sibling)
      : sha256(Buffer.of(1), sibling, climb(at - left, count - left));
  };
  return climb(Number(index.slice('index '.length)), size).equals(root) && hashes.length === 0;
}

/** The Merkle tree hash as RFC 6962 section 2.1 defines it. */
export function treeHash(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let left = 1;
  while (2 * left < leaves.length) left *= 2;
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, left)), treeHash(leaves.slice(left)));
}

function readHashes(folder: string, level: number, size: number): Buffer[] {
  const count = Math.floor(size / 256 ** level);
  return tilesOf(count).flatMap(({ index, width }) => {
    const bytes = readFileSync(join(folder, 'tile', String(level), tileName(index, width)));
    if (bytes.length !== 32 * width) throw new Error(`tile ${level}/${index} has ${bytes.length} bytes`);
    return Array.from({ length: width }, (_, at) => bytes.subarray(32 * at, 32 * at + 32));
  });
}

function readEntries(folder: string, size: number): Buffer[] {
  return tilesOf(size).flatMap(({ index, width }) => {
    const bytes = readFileSync(join(folder, 'tile', 'entries', tileName(index, width)));
    const entries: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 2 + entries.at(-1)!.length) {
      entries.push(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)));
    }
    if (entries.length !== width) throw new Error(`bundle ${index} has ${entries.length} entries`);
    return entries;
  });
}

function tilesOf(count: number): { index: number; width: number }[] {
  const tiles: { index: number; width: number }[] = [];
  for (let from = 0; from < count; from += 256) tiles.push({ index: from / 256, width: Math.min(256, count - from) });
  return tiles;
}

function tileName(index: number, width: number): string {
  const last = String(index % 1000).padStart(3, '0');
  let name = last;
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    name = `x${String(rest % 1000).padStart(3, '0')}/${name}`;
  }
  return width === 256 ? name : `${name}.p/${width}`;
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function ed25519Key(publicKey: Uint8Array) {
  const prefix = Buffer.from('302a300506032b6570032100', 'hex'); // SubjectPublicKeyInfo of RFC 8410
  return createPublicKey({ key: Buffer.concat([prefix, publicKey]), format: 'der', type: 'spki' });
}

/** Whether a static file exists. */
export function isServed(folder: string, path: string): boolean {
  return existsSync(join(folder, path));
}
