/** What an independent pass over a whole ledger found. */
export interface VerificationReport {
  /** `true`: every entry is what was signed, and nothing else is there. */
  readonly verified: boolean;
  /** Entries in the log. */
  readonly size: bigint;
  /** Root of the tree, in hex. */
  readonly root: string;
  readonly checkpoint: string;
  readonly verifierKey: string;
  /** Entries by class: `decision`, `evidence-batch`, … */
  readonly entries: Readonly<Record<string, number>>;
  /** Entries whose personal part was erased. */
  readonly erased: number;
  /** Everything wrong, in order of index. Empty when verified. */
  readonly problems: readonly { readonly index: bigint; readonly code: string; readonly message: string }[];
}
