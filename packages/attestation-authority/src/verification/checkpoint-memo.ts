// Checkpoints that were seen, and by whom they are signed: a signature is verified once a checkpoint, however many proofs end in
// it. Least recently seen ones are forgotten, with the nodes that were verified under them.
import { createVerifier } from '@tenstrip/shared-core/crypto';
import {
  type CheckpointVerdict,
  checkCheckpoint,
  encodeBase64,
  parseSignedCheckpoint,
  type SignedCheckpoint,
} from '@tenstrip/shared-core/transparency';
import { VerifiedTree } from '../attestation-log/index.js';
import type { ReadKey, ReadRoot } from '../trust/index.js';

/** A checkpoint that was seen. */
export interface SeenCheckpoint {
  /** Verbatim. */
  readonly text: string;
  readonly signed: SignedCheckpoint;
  /** The nodes known to be in its tree; believed as far as the checkpoint is. */
  readonly tree: VerifiedTree;
  /** By root and key: whether it is trusted. */
  readonly verdicts: Map<ReadRoot, Map<string, CheckpointVerdict>>;
}

/** How much is kept. */
export interface CheckpointLimits {
  readonly maxCheckpoints: number;
  readonly maxTiles: number;
}

/** Checkpoints by their text. */
export class CheckpointMemo {
  readonly #limits: CheckpointLimits;
  readonly #seen = new Map<string, SeenCheckpoint>();
  readonly #verifier = createVerifier();
  #last: SeenCheckpoint | undefined;

  constructor(limits: CheckpointLimits) {
    this.#limits = limits;
  }

  /** The checkpoint in which a proof text ends, or `undefined` when there is none. */
  under(proof: string): SeenCheckpoint | undefined {
    const blankLine = proof.indexOf('\n\n');
    if (blankLine < 0) return undefined;
    const last = this.#last;
    if (last?.text.length === proof.length - blankLine - 2 && proof.endsWith(last.text)) return last;
    const text = proof.slice(blankLine + 2);
    const seen = this.#seen.get(text) ?? this.#read(text);
    if (seen === undefined) return undefined;
    this.#seen.delete(text);
    this.#seen.set(text, seen);
    this.#last = seen;
    return seen;
  }

  /** Whether a root, or a key that it delegated to, stands behind a checkpoint. */
  check(seen: SeenCheckpoint, root: ReadRoot, key: ReadKey): CheckpointVerdict {
    let byKey = seen.verdicts.get(root);
    if (byKey === undefined) {
      byKey = new Map();
      seen.verdicts.set(root, byKey);
    }
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

  #read(text: string): SeenCheckpoint | undefined {
    const flat = Buffer.from(text).toString(); // a copy: a slice would keep its whole proof in memory
    const signed = parseSignedCheckpoint(flat);
    if (signed === undefined || signed.checkpoint.size > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
    const { size, root } = signed.checkpoint;
    const tree = new VerifiedTree(flat, Number(size), encodeBase64(root), this.#tilesOfOne);
    const seen = { text: flat, signed, tree, verdicts: new Map() };
    this.#seen.set(flat, seen);
    if (this.#seen.size > this.#limits.maxCheckpoints) this.#seen.delete(this.#seen.keys().next().value!);
    this.#forgetTiles(seen);
    return seen;
  }

  get #tilesOfOne(): number {
    return Math.max(8, this.#limits.maxTiles / 2);
  }

  /** Bounds the tiles of all trees together: the trees that were used longest ago lose theirs, with their checkpoints. */
  #forgetTiles(newest: SeenCheckpoint): void {
    let tiles = 0;
    for (const { tree } of this.#seen.values()) tiles += tree.tiles;
    for (const [text, seen] of this.#seen) {
      if (tiles <= this.#limits.maxTiles / 2 || seen === newest) return;
      tiles -= seen.tree.tiles;
      this.#seen.delete(text);
    }
  }
}

const maximumKeysKept = 256;
