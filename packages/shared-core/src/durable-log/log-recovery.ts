// Brings the tree of a log back from its files when a writer opens it. The entries are the truth; tiles are taken from disk
// where they can be trusted: those before the last segment that the published checkpoint covers (all of them were whole before it
// was), if they were written since the machine started (a crash of the process loses no page, a crash of the machine may). What the
// tree comes out as must be what the last checkpoint says. Cost: one pass over the last segment (64 MiB) and what was not published,
// or over all entries after a restart of the machine: about 2 µs an entry.
import { readFile } from 'node:fs/promises';
import { isTenstripError } from '../errors/index.js';
import { fullTileWidth, parseSignedCheckpoint, type Sha256, type SignedCheckpoint } from '../transparency/index.js';
import { EntryBundle } from './entry-bundle.js';
import { type Frame, FrameKind, isRecord } from './frame.js';
import { checkpointFork, logCorrupt } from './log-error.js';
import type { LogFolder } from './log-folder.js';
import { storedEntry } from './log-layout.js';
import type { SegmentChain } from './segment-chain.js';
import { checkpointFile, TileStore } from './tile-store.js';
import { TiledTree } from './tiled-tree.js';

/** The last checkpoint that a log published. */
export interface StoredCheckpoint extends SignedCheckpoint {
  readonly text: string;
}

/** What recovery brings back. */
export interface RecoveredTree {
  readonly store: TileStore;
  readonly tree: TiledTree;
  readonly bundle: EntryBundle;
}

/**
 * The checkpoint in the log's folder; `undefined` when none was published yet.
 * @throws TenstripError `LogCorrupt` when the file is no signed checkpoint.
 */
export async function readCheckpoint(folder: LogFolder): Promise<StoredCheckpoint | undefined> {
  const bytes = await folder.read(checkpointFile);
  if (bytes === undefined) return undefined;
  const text = Buffer.from(bytes).toString();
  const signed = parseSignedCheckpoint(text);
  if (signed === undefined) throw logCorrupt(checkpointFile, 0, 'it is no signed checkpoint');
  return { ...signed, text };
}

/**
 * The tree over all entries of `entries`, with its tiles in place.
 * @throws TenstripError `CheckpointFork` when it does not extend `last` or a checkpoint between the entries, `LogCorrupt`
 * when an entry is damaged.
 */
export async function recoverTree(
  folder: LogFolder,
  entries: SegmentChain,
  last: StoredCheckpoint | undefined,
  sha256: Sha256,
): Promise<RecoveredTree> {
  const [first, tail] = replayStarts(entries, last);
  const boot = await currentBoot();
  if (tail > first && boot !== undefined && boot === (await writtenUnder(folder))) {
    try {
      return await replay(folder, entries, tail, last, sha256);
    } catch (error) {
      if (!isTenstripError(error, 'LogCorrupt', 'CheckpointFork')) throw error; // a tile may be wrong: make all again
    }
  }
  const recovered = await replay(folder, entries, first, last, sha256);
  if (boot !== undefined) await folder.replace(bootFile, Buffer.from(boot));
  return recovered;
}

const bootFile = 'boot-id';

/**
 * Multiples of 256 from which all entries are there: the lowest, and the one from which files may be torn or missing, or the nearest
 * to the last segment.
 */
function replayStarts(entries: SegmentChain, last: StoredCheckpoint | undefined): [first: number, tail: number] {
  const oldest = entries.segments[0]!.first;
  const newest = Math.min(entries.segments.at(-1)!.first, Number(last?.checkpoint.size ?? 0n));
  const first = Math.ceil(oldest / fullTileWidth) * fullTileWidth;
  return [first, Math.max(first, Math.floor(newest / fullTileWidth) * fullTileWidth)];
}

async function replay(
  folder: LogFolder,
  entries: SegmentChain,
  start: number,
  last: StoredCheckpoint | undefined,
  sha256: Sha256,
): Promise<RecoveredTree> {
  const store = new TileStore(folder);
  const tree = await TiledTree.load(store, start, sha256);
  const bundle = new EntryBundle();
  for await (const frames of entries.frames(start, true)) {
    for (const frame of frames) replayFrame(frame, { store, tree, bundle });
    await store.flushChanged(tree.size);
  }
  if (last !== undefined) await checkExtends(tree, last);
  return { store, tree, bundle };
}

function replayFrame(frame: Frame, { store, tree, bundle }: RecoveredTree): void {
  if (isRecord(frame.kind) && frame.record >= tree.size) {
    const { entry } = storedEntry(frame);
    tree.append(entry);
    bundle.add(entry);
    if (bundle.width === fullTileWidth) store.addBundle(tree.size / fullTileWidth - 1, bundle.bytes);
  } else if (frame.kind === FrameKind.checkpoint && frame.record === tree.size) {
    const signed = parseSignedCheckpoint(Buffer.from(frame.payload).toString());
    if (signed !== undefined) checkRoot(tree.root(), signed);
  }
}

async function checkExtends(tree: TiledTree, last: StoredCheckpoint): Promise<void> {
  const { size } = last.checkpoint;
  if (size > BigInt(tree.size)) {
    throw checkpointFork(
      `the log holds ${tree.size} entries and its checkpoint says ${size}: its end was deleted. Restore the entries`,
      { entries: tree.size, checkpointSize: size },
    );
  }
  checkRoot(await tree.rootAt(Number(size)), last);
}

function checkRoot(root: Uint8Array, { checkpoint }: SignedCheckpoint): void {
  if (Buffer.compare(root, checkpoint.root) === 0) return;
  throw checkpointFork(
    `the first ${checkpoint.size} entries are not those that the checkpoint of this size was signed for. Run verify, and ` +
      'restore what it names',
    { checkpointSize: checkpoint.size, root, signedRoot: checkpoint.root },
  );
}

async function writtenUnder(folder: LogFolder): Promise<string | undefined> {
  const bytes = await folder.read(bootFile);
  return bytes && Buffer.from(bytes).toString();
}

/** Differs after each start of the machine; `undefined` where the system does not tell. */
async function currentBoot(): Promise<string | undefined> {
  return process.platform === 'linux' ? readFile('/proc/sys/kernel/random/boot_id', 'utf8') : undefined;
}
