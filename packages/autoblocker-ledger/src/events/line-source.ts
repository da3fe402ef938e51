// Where lines come from: a file that grows and rotates, or a stream. A source hands out batches of bounded lines and,
// if it can be read again, positions that survive a restart.

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
  /** More lines were read together with these: the next batch is at hand. Default false. */
  readonly hasMore?: boolean;
}

/** How far a source was read, recognisable by content: names and inodes are reused, text is not. */
export interface SourcePosition {
  /** Everything before this byte has had its effect. */
  readonly offset: number;
  /** From here a restart refills its buckets. */
  readonly warmFrom: number;
  /** The first bytes of the source, at most 1,024: how many, and their SHA-256 in hex. */
  readonly headBytes: number;
  readonly head: string;
  /** The last bytes before `offset`, at most 1,024. */
  readonly tailBytes: number;
  readonly tail: string;
}

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
  /** Reads on, until the end or until the signal aborts. */
  batches(signal?: AbortSignal): AsyncIterable<LineBatch>;
  /** The position after the line that ends at `offset`, in the file that the last batch came from; `undefined` when it cannot be read again. */
  position(offset: number, warmFrom: number): Promise<SourcePosition | undefined>;
}
