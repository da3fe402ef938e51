// Where lines come from: a file that grows and rotates, or a stream. A source hands out batches of bounded lines and,
// if it can be read again, positions that survive a restart.

import { z } from 'zod';

/** One line, without its end. */
export interface SourceLine {
  readonly text: string;
  /** Where it begins in its source, in bytes. */
  readonly offset: number;
  /** Where the next line begins. */
  readonly end: number;
  /** It was longer than the bound; `text` is its beginning. */
  readonly cut: boolean;
  /** It held NUL or bytes that are no UTF-8; the latter stand as U+FFFD. */
  readonly garbled: boolean;
  /** SHA-256 of the whole line in hex; only of cut lines, whose text does not give it. */
  readonly digest?: string;
  /** It was read before a restart and comes again only to refill buckets. */
  readonly replayed?: boolean;
}

/** Lines read together. */
export interface LineBatch {
  readonly lines: readonly SourceLine[];
  /** How far the source is read, in bytes. */
  readonly end: number;
}

/** How far a source was read, recognisable by content: names and inodes are reused, text is not. */
export const sourcePositionSchema = z.object({
  /** Everything before this byte has had its effect. */
  offset: z.number().int().min(0),
  /** From here a restart refills its buckets. */
  warmFrom: z.number().int().min(0),
  /** The first bytes of the source and the last before `offset`: how many, and their SHA-256 in hex. */
  headBytes: z.number().int().min(0).max(1024),
  head: z.string(),
  tailBytes: z.number().int().min(0).max(1024),
  tail: z.string(),
});

/** See {@link sourcePositionSchema}. */
export type SourcePosition = z.infer<typeof sourcePositionSchema>;

/** A source of lines. Batches are pulled one at a time; nothing is read ahead of them. */
export interface LineSource extends AsyncDisposable {
  /** Path or name. */
  readonly name: string;
  /** Bytes at the start; 0 when unknown. */
  readonly sizeBytes: number;
  /** The time of its newest content when it was opened, in milliseconds since 1970; `undefined`: now. */
  readonly modifiedMs: number | undefined;
  /** Where reading began. */
  readonly resumedAt: number;
  /** Rotations and truncations met so far. */
  readonly rotations: number;
  batches(signal?: AbortSignal): AsyncIterable<LineBatch>;
  /** The position after the line that ends at `offset`, in the file that the last batch came from; `undefined` when it cannot be read again. */
  position(offset: number, warmFrom: number): Promise<SourcePosition | undefined>;
}
