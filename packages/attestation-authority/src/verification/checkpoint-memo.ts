// Checkpoints that were seen, and by whom they are signed: a signature is verified once a checkpoint, however many proofs end in
// it. Least recently seen ones are forgotten, with the nodes that were verified under them; nodes are forgotten before that.
import { createVerifier } from '@tenstrip/shared-core/crypto';
import {
  type CheckpointVerdict,
  checkCheckpoint,
  encodeBase64,
  parseSignedCheckpoint,
  type SignedCheckpoint,
} from '@tenstrip/shared-core/transparency';
import { type TileCount, VerifiedTree } from '../attestation-log/index.js';
import type { ReadKey, ReadRoot } from '../trust/index.js';

/** That a key of a root, or of one that it delegated to, may have signed a checkpoint. */
export interface CheckpointSigner {
  readonly key: ReadKey;
  /** Of the tree. */
  readonly size: bigint;
  readonly witnessed: readonly string[];
}

/** A checkpoint that was seen: what stays true of it, whatever is forgotten. */
export interface SeenCheckpoint {
  /** Verbatim. */
  readonly text: string;
  readonly signed: SignedCheckpoint;
  /** By root and key: whether it is trusted. */
  readonly verdicts: Map<ReadRoot, Map<string, CheckpointVerdict>>;
  /** By root and the keys that may vouch: which of them did. */
  readonly signers: Map<ReadRoot, Map<readonly ReadKey[], CheckpointSigner>>;
}

/** A checkpoint, and the nodes known to be in its tree; believed as far as the checkpoint is. */
export interface KnownCheckpoint {
  readonly seen: SeenCheckpoint;
  readonly tree: VerifiedTree;
}

/** How much is kept. */
export interface CheckpointLimits {
  readonly maxCheckpoints: number;
  readonly maxTiles: number;
}

/** Checkpoints by their text. */
export class CheckpointMemo {
  readonly #limits: CheckpointLimits;
  readonly #known = new Map<string, KnownCheckpoint>();
  readonly #verifier = createVerifier();
  readonly #tiles: TileCount = { taken: 0 };
  #last: KnownCheckpoint | undefined;

  constructor(limits: CheckpointLimits) {
    this.#limits = limits;
  }

  /** The checkpoint in which a proof text ends, or `undefined` when there is none. */
  under(proof: string): KnownCheckpoint | undefined {
    const blankLine = proof.indexOf('\n\n');
    if (blankLine < 0) return undefined;
    const text = proof.slice(blankLine + 2);
    const known = this.#known.get(text) ?? this.#read(text);
    if (known === undefined || text.length > maximumTextKept) return known;
    this.#known.delete(known.seen.text);
    this.#known.set(known.seen.text, known);
    this.#last = known;
    return known;
  }

  /**
   * The place of a leaf that a proof certainly proves, and the checkpoint that it proves it under; `undefined` when that is not
   * certain. Says nothing of whose checkpoint it is.
   */
  certainly(leaf: string, proof: string): { readonly seen: SeenCheckpoint; readonly index: number } | undefined {
    const known = this.#last?.tree.isUnder(proof) ? this.#last : this.under(proof);
    const index = known?.tree.indexOf(leaf, proof);
    this.#forgetTiles();
    return index === undefined ? undefined : { seen: known!.seen, index };
  }

  /** Whether a root, or a key that it delegated to, stands behind a checkpoint. */
  check(seen: SeenCheckpoint, root: ReadRoot, key: ReadKey): CheckpointVerdict {
    const byKey = ofRoot(seen.verdicts, root);
    let verdict = byKey.get(key.vkey);
    if (verdict === undefined) {
      const policy = { logs: [{ key: key.key }], ...root.witnesses };
      verdict = checkCheckpoint(seen.text, policy, (publicKey, message, signature) =>
        this.#verifier.verify(publicKey, message, signature),
      );
      if (byKey.size < maximumKeysKept) byKey.set(key.vkey, verdict);
    }
    return verdict;
  }

  #read(text: string): KnownCheckpoint | undefined {
    const flat = Buffer.from(text).toString(); // a copy: a slice would keep its whole proof in memory
    const signed = flat === text ? parseSignedCheckpoint(flat) : undefined; // a lone surrogate is copied as another character
    if (signed === undefined || signed.checkpoint.size > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    const { size, root } = signed.checkpoint;
    const tree = new VerifiedTree(flat, Number(size), encodeBase64(root), this.#tiles);
    const known = { seen: { text: flat, signed, verdicts: new Map(), signers: new Map() }, tree };
    if (flat.length > maximumTextKept) return known;
    this.#known.set(flat, known);
    if (this.#known.size > this.#limits.maxCheckpoints) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  /** Bounds the tiles of all trees together: when half of them were taken since the last time, what was not used since is gone. */
  #forgetTiles(): void {
    if (this.#tiles.taken <= this.#limits.maxTiles / 2) return;
    for (const { tree } of this.#known.values()) tree.forget();
    this.#tiles.taken = 0;
  }
}

/** Longest checkpoint that is kept: a hundred cosignatures fit. A stranger may send longer ones, as many as are kept of others. */
const maximumTextKept = 2 ** 14;
/** Most keys and sets of keys that are kept for one checkpoint and root. */
export const maximumKeysKept = 256;

/** The part of a map that is a root's. */
export function ofRoot<Key, Value>(maps: Map<ReadRoot, Map<Key, Value>>, root: ReadRoot): Map<Key, Value> {
  let own = maps.get(root);
  if (own === undefined) {
    own = new Map();
    maps.set(root, own);
  }
  return own;
}
