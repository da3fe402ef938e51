// What lies where in the folder of a log:
//   public/checkpoint, public/tile/…   for everybody, named as the URLs of a tiled log (C2SP tlog-tiles)
//   entries/*.segment                  the entries, in frames: the truth from which `public` can be made again
//   erasable/*.segment                 the erasable parts, for the owner only (mode 0700); erasure.json while one is being overwritten
//   boot-id                            the machine's boot under which `public` was written
//   minimum-index                      the oldest entry that is still there, once the log was pruned
import { type Frame, FrameKind, splitLink } from './frame.js';
import type { LogFolder } from './log-folder.js';

export const entriesDirectory = 'entries';
const minimumIndexFile = 'minimum-index';

/** What a log holds at one index. */
export interface LogEntry {
  /** At most 65,535 bytes: what the tree's leaf is the hash of. */
  readonly entry: Uint8Array;
  /**
   * A part that may be erased later, at most 1 MiB: kept beside the tree. Its SHA-256 must stand in `entry`, see
   * `commitErasable`. Absent when there is none, or when it was erased.
   */
  readonly erasable?: Uint8Array;
  /**
   * The SHA-256 of `erasable` in lower-case hexadecimal, where who appends has it at hand: then it is looked for in `entry` and not
   * computed a second time. One that is wrong is found by verification. Never there in what is read.
   */
  readonly commitment?: string;
}

/** An entry as its frame holds it; `part` is the number of its erasable part. Views of the frame. */
export function storedEntry(frame: Frame): { readonly entry: Uint8Array; readonly part?: number } {
  if (frame.kind !== FrameKind.linkedRecord) return { entry: frame.payload };
  const { link, rest } = splitLink(frame.payload);
  return { entry: rest, part: link };
}

/** The oldest index that has not been pruned. */
export async function readMinimumIndex(folder: LogFolder): Promise<number> {
  const bytes = await folder.read(minimumIndexFile);
  return bytes === undefined ? 0 : Number.parseInt(Buffer.from(bytes).toString(), 10);
}

export async function writeMinimumIndex(folder: LogFolder, index: number): Promise<void> {
  await folder.replace(minimumIndexFile, Buffer.from(`${index}\n`));
}
