// Whether one of some keys vouches for a statement: by a signature over it (DSSE), by a proof that it is in the log whose
// checkpoints the key signs, or both. Whatever is there must be true: a false signature beside a true proof is a refusal.
import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { isSignatureBy, parseTlogProof, verifyInclusion } from '@tenstrip/shared-core/transparency';
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import { type ChainLink, type DsseEnvelope, decodeDsseBase64, preAuthenticationEncoding } from '../statement/index.js';
import type { ReadKey, ReadRoot } from '../trust/index.js';
import type { CheckpointMemo, SeenCheckpoint } from './checkpoint-memo.js';

/** Who vouches, and how. */
export interface Vouched {
  readonly keyId: string;
  readonly by: 'signature' | 'proof' | 'both';
  readonly proven?: Proven;
}

/** A place in a log. */
interface Proven {
  readonly key: ReadKey;
  readonly index: bigint;
  readonly size: bigint;
  readonly witnessed: readonly string[];
}

const { verify } = createVerifier();

/** Who of `keys` vouches for a link whose leaf in the log is `leaf`; or why nobody does. Never throws. */
export function vouch(
  { envelope, proof }: ChainLink,
  leaf: string,
  { root, keys }: { readonly root: ReadRoot; readonly keys: readonly ReadKey[] },
  checkpoints: CheckpointMemo,
  path: string,
): Vouched | Refusal {
  const proven = proof === undefined ? undefined : prove(proof, leaf, root, keys, checkpoints, `${path}.proof`);
  if (isRefusal(proven)) return proven;
  if (envelope.signatures.length === 0) {
    return proven === undefined
      ? refuse('NOT_VOUCHED', path, 'it has neither a signature nor a proof')
      : { keyId: proven.key.keyId, by: 'proof', proven };
  }
  const signer = signerOf(envelope, keys, `${path}.envelope.signatures`);
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

function signerOf(
  { payload, payloadType, signatures }: DsseEnvelope,
  keys: readonly ReadKey[],
  path: string,
): ReadKey | Refusal {
  let message: Uint8Array | undefined;
  for (const [at, { keyid, sig }] of signatures.entries()) {
    const candidates = keyid === undefined ? keys : keys.filter((key) => key.keyId === keyid);
    if (candidates.length === 0) continue;
    const signature = decodeDsseBase64(sig);
    if (signature === undefined)
      return refuse('ENVELOPE_MALFORMED', `${path}[${at}]`, 'sig is not padded, canonical base64');
    message ??= preAuthenticationEncoding(payloadType, decodeDsseBase64(payload)!);
    const signed = message;
    const signer = candidates.find(({ key }) => verify(key.publicKey, signed, signature));
    if (signer !== undefined) return signer;
    if (keyid !== undefined) return refuse('SIGNATURE_INVALID', `${path}[${at}]`, `it is not a signature by ${keyid}`);
  }
  const named = signatures.map(({ keyid }) => keyid ?? 'unnamed').join(', ');
  return refuse(
    'UNKNOWN_KEY',
    path,
    `no key that may vouch here made a signature; it has those of ${named.slice(0, 200)}`,
  );
}

// ------------------------------------------------------------------------------------------------------------ proofs

function prove(
  proof: string,
  leaf: string,
  root: ReadRoot,
  keys: readonly ReadKey[],
  checkpoints: CheckpointMemo,
  path: string,
): Proven | Refusal {
  const seen = typeof proof === 'string' && proof.length <= maximumProofLength ? checkpoints.under(proof) : undefined;
  if (seen === undefined) return refuse('PROOF_MALFORMED', path, 'it is no tlog-proof');
  const signed = signedBy(seen, root, keys, checkpoints, path);
  if (isRefusal(signed)) return signed;
  const { size } = seen.signed.checkpoint;
  const known = seen.tree.indexOf(leaf, proof);
  const index = known === undefined ? provenIndex(proof, leaf, seen, path) : BigInt(known);
  return typeof index === 'bigint' ? { ...signed, index, size } : index;
}

/** Without what is known of the tree, by the book. */
function provenIndex(text: string, leaf: string, { signed }: SeenCheckpoint, path: string): bigint | Refusal {
  const proof = parseTlogProof(text);
  if (proof === undefined) return refuse('PROOF_MALFORMED', path, 'it is no tlog-proof');
  if (proof.extra !== undefined)
    return refuse('PROOF_MALFORMED', path, 'it carries extra data, which nothing authenticates');
  const { size, root } = signed.checkpoint;
  const leads = verifyInclusion(proof.index, size, Buffer.from(leaf, 'base64'), proof.path, root, sha256);
  return leads
    ? proof.index
    : refuse('PROOF_ROOT_MISMATCH', path, 'the path does not lead from the statement to the signed root');
}

function signedBy(
  seen: SeenCheckpoint,
  root: ReadRoot,
  keys: readonly ReadKey[],
  checkpoints: CheckpointMemo,
  path: string,
): Omit<Proven, 'index' | 'size'> | Refusal {
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
    } else return { key, witnessed: verdict.witnesses.map(({ name }) => name) };
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
