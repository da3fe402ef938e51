// Whether one of some keys vouches for a statement: by a signature over it (DSSE), by a proof that it is in the log whose
// checkpoints the key signs, or both. Whatever is there must be true: a false signature beside a true proof is a refusal.
import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { isSignatureBy, parseTlogProof, verifyInclusion } from '@tenstrip/shared-core/transparency';
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import { type ChainLink, type DsseEnvelope, decodeDsseBase64InPlace, decodeSignedPayload } from '../statement/index.js';
import type { ReadKey, ReadRoot } from '../trust/index.js';
import {
  type CheckpointMemo,
  type CheckpointSigner,
  maximumKeysKept,
  ofRoot,
  type SeenCheckpoint,
} from './checkpoint-memo.js';
import { leafOf, type PayloadMemo, type ReadPayload } from './payload-memo.js';

/** Who vouches, and how. */
export interface Vouched {
  readonly keyId: string;
  readonly by: 'signature' | 'proof' | 'both';
  readonly proven?: Proven;
}

/** A place in a log, and who signed the checkpoint that proves it. */
interface Proven {
  readonly index: number;
  readonly signer: CheckpointSigner;
}

/** What is kept between verdicts. */
export interface VouchingMemo {
  readonly payloads: PayloadMemo;
  readonly checkpoints: CheckpointMemo;
}

/** Who may vouch at one point of a chain. */
interface Vouchers {
  readonly root: ReadRoot;
  readonly keys: readonly ReadKey[];
}

const { verify } = createVerifier();

/** Who of `vouchers` vouches for a link whose payload was read; or why nobody does. Never throws. */
export function vouch(
  { envelope, proof }: ChainLink,
  payload: ReadPayload,
  vouchers: Vouchers,
  memo: VouchingMemo,
  path: string,
): Vouched | Refusal {
  const proven = proof === undefined ? undefined : prove(proof, envelope.payload, payload, vouchers, memo, path);
  if (isRefusal(proven)) return proven;
  if (envelope.signatures.length === 0) {
    return proven === undefined
      ? refuse('NOT_VOUCHED', path, 'it has neither a signature nor a proof')
      : { keyId: proven.signer.key.keyId, by: 'proof', proven };
  }
  const signer = signerOf(envelope, vouchers.keys, path, { payload, payloads: memo.payloads });
  if (isRefusal(signer)) return signer;
  const retired = retirementOf(signer, proven, path);
  if (retired !== undefined) return retired;
  return proven === undefined ? { keyId: signer.keyId, by: 'signature' } : { keyId: signer.keyId, by: 'both', proven };
}

/** A key that signs no more vouches for what is proven to have been logged before it was replaced. */
function retirementOf(key: ReadKey, proven: Proven | undefined, path: string): Refusal | undefined {
  if (key.untilSize === undefined && !key.compromised) return undefined;
  if (proven === undefined) {
    return refuse(
      'PROOF_MISSING',
      path,
      `the key ${key.keyId} was replaced: only a proof shows that it signed before that`,
    );
  }
  if (key.untilSize !== undefined && proven.index < key.untilSize) return undefined;
  return refuse('KEY_RETIRED', path, `the key ${key.keyId} was replaced before entry ${proven.index}`);
}

// -------------------------------------------------------------------------------------------------------- signatures

/** Which of some keys signed an envelope; or why none did. A false signature by one of them is a refusal. */
export function signerOf(
  { payload, signatures }: DsseEnvelope,
  keys: readonly ReadKey[],
  path: string,
  known?: { readonly payload: ReadPayload; readonly payloads: PayloadMemo },
): ReadKey | Refusal {
  let message: Uint8Array | undefined;
  for (let at = 0; at < signatures.length; at++) {
    const { keyid, sig } = signatures[at]!;
    let isNamed = false;
    let signature: Uint8Array | undefined;
    for (const key of keys) {
      if (keyid !== undefined && key.keyId !== keyid) continue;
      isNamed = true;
      const seen = known?.payload.signed;
      if (seen?.key === key && seen.sig === sig) return key;
      signature ??= decodeDsseBase64InPlace(sig);
      if (signature === undefined) {
        const where = `${path}.envelope.signatures[${at}]`;
        return refuse('ENVELOPE_MALFORMED', where, 'sig is not padded, canonical base64');
      }
      message ??= decodeSignedPayload(payload)!.signed; // statements alone come as far as here, and nothing else is decoded meanwhile
      if (verify(key.key.publicKey, message, signature)) {
        known?.payloads.rememberSignature(known.payload, sig, key);
        return key;
      }
    }
    if (isNamed && keyid !== undefined) {
      const where = `${path}.envelope.signatures[${at}]`;
      return refuse('SIGNATURE_INVALID', where, `it is not a signature by ${keyid}`);
    }
  }
  const named = signatures.map(({ keyid }) => keyid ?? 'unnamed').join(', ');
  return refuse(
    'UNKNOWN_KEY',
    `${path}.envelope.signatures`,
    `no key that may vouch here made a signature; it has those of ${named.slice(0, 200)}`,
  );
}

// ------------------------------------------------------------------------------------------------------------ proofs

function prove(
  proof: string,
  text: string,
  payload: ReadPayload,
  vouchers: Vouchers,
  { payloads, checkpoints }: VouchingMemo,
  linkPath: string,
): Proven | Refusal {
  const path = `${linkPath}.proof`;
  if (typeof proof !== 'string' || proof.length > maximumProofLength) {
    return refuse('PROOF_MALFORMED', path, 'it is no tlog-proof');
  }
  const known = payload.proven?.proof === proof ? payload.proven : checkpoints.certainly(leafOf(payload, text), proof);
  const seen = known?.seen ?? checkpoints.under(proof)?.seen;
  if (seen === undefined) return refuse('PROOF_MALFORMED', path, 'it is no tlog-proof');
  const signer = signerOfCheckpoint(seen, vouchers, checkpoints, path);
  if (isRefusal(signer)) return signer;
  const index = known?.index ?? provenIndex(proof, leafOf(payload, text), seen, path);
  if (typeof index !== 'number') return index;
  if (known !== payload.proven) payloads.remember(payload, { proof, seen, index });
  return { index, signer };
}

/** Without what is known of the tree, by the book. */
function provenIndex(text: string, leaf: string, { signed }: SeenCheckpoint, path: string): number | Refusal {
  const proof = parseTlogProof(text);
  if (proof === undefined) return refuse('PROOF_MALFORMED', path, 'it is no tlog-proof');
  if (proof.extra !== undefined)
    return refuse('PROOF_MALFORMED', path, 'it carries extra data, which nothing authenticates');
  const { size, root } = signed.checkpoint;
  const leads = verifyInclusion(proof.index, size, Buffer.from(leaf, 'base64'), proof.path, root, sha256);
  return leads
    ? Number(proof.index) // below the size, which is below 2^53
    : refuse('PROOF_ROOT_MISMATCH', path, 'the path does not lead from the statement to the signed root');
}

/** Which of the keys that may vouch signed a checkpoint, and may have. Acceptances are kept with the checkpoint. */
function signerOfCheckpoint(
  seen: SeenCheckpoint,
  { root, keys }: Vouchers,
  checkpoints: CheckpointMemo,
  path: string,
): CheckpointSigner | Refusal {
  const known = ofRoot(seen.signers, root);
  const signer = known.get(keys) ?? findSigner(seen, root, keys, checkpoints, path);
  if (!isRefusal(signer) && known.size < maximumKeysKept) known.set(keys, signer);
  return signer;
}

function findSigner(
  seen: SeenCheckpoint,
  root: ReadRoot,
  keys: readonly ReadKey[],
  checkpoints: CheckpointMemo,
  path: string,
): CheckpointSigner | Refusal {
  const { checkpoint, note } = seen.signed;
  let refusal: Refusal | undefined;
  for (const key of keys) {
    if (!note.signatures.some((line) => isSignatureBy(line, key.key))) continue;
    const verdict = checkpoints.check(seen, root, key);
    if (!verdict.trusted) {
      const code = verdict.reason === 'QUORUM_MISSING' ? 'QUORUM_MISSING' : 'CHECKPOINT_INVALID';
      refusal ??= refuse(code, path, `its checkpoint is refused for ${key.keyId}: ${verdict.reason}`);
    } else if (key.compromised || (key.untilSize !== undefined && checkpoint.size > key.untilSize)) {
      refusal ??= refuse(
        'KEY_RETIRED',
        path,
        `the key ${key.keyId} may not sign a tree of ${checkpoint.size} entries any more`,
      );
    } else if (checkpoint.size < key.fromSize) {
      refusal ??= refuse(
        'KEY_RETIRED',
        path,
        `the key ${key.keyId} may not sign a tree of ${checkpoint.size} entries yet`,
      );
    } else {
      const witnessed = Object.freeze(verdict.witnesses.map(({ name }) => name)); // shared by all verdicts under it
      return { key, size: checkpoint.size, witnessed };
    }
  }
  return (
    refusal ??
    refuse(
      'UNKNOWN_KEY',
      path,
      `no key that may vouch here signed the checkpoint of ${JSON.stringify(checkpoint.origin.slice(0, 200))}`,
    )
  );
}

const maximumProofLength = 2 ** 20;
