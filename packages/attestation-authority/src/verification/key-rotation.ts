// Following a rotation: a root's key says, as the last thing that it signs, which key signs from that size of the log on. The statement is
// signed by both, so that nobody names a key that is not theirs, and it is the last entry under the old key. So an authority's public
// key, had once, leads to all that follow, offline; and which key was good when is a place in the log, not a time that can be claimed.
import { isRefusal, type Refusal, refuse } from '../errors/index.js';
import { type Attestation, type KeyRotation, keyRotationSchema, keyRotationType } from '../statement/index.js';
import {
  isRotatedTo,
  maximumKeys,
  type ReadRoot,
  readTrust,
  readTrustedKey,
  rotateRoot,
  type Trust,
} from '../trust/index.js';
import { CheckpointMemo } from './checkpoint-memo.js';
import { PayloadMemo, type ReadPayload } from './payload-memo.js';
import { signerOf, type VouchingMemo, vouch } from './vouching.js';

/** Trust after a rotation, or why it is not followed. */
export type FollowedRotation =
  | {
      readonly ok: true;
      /** The same trust when it had followed before. */
      readonly trust: Trust;
      /** Names of the roots whose key was replaced. */
      readonly roots: readonly string[];
    }
  | Refusal;

const path = 'attestation';
const rotationsOnly = new Map([[keyRotationType, keyRotationSchema]]);

/**
 * The trust that follows from `trust` by a key rotation that an authority issued (`AttestationAuthority.rotateKey`). Follow rotations
 * in their order, from the key that is trusted on. A witness quorum of the root is asked for, as for every checkpoint of it: without
 * one, a stolen key can name its thief's. Never throws for what a stranger may send.
 * @throws TenstripError `OptionsInvalid` when `trust` is wrong
 */
export function followKeyRotation(trust: Trust, attestation: Attestation): FollowedRotation {
  const { roots } = readTrust(trust);
  const memo = {
    payloads: new PayloadMemo(rotationsOnly, 0),
    checkpoints: new CheckpointMemo({ maxCheckpoints: 1, maxTiles: 8 }),
  };
  if (typeof attestation !== 'object' || attestation === null) {
    return refuse('ENVELOPE_MALFORMED', '', 'an attestation is an object with an envelope');
  }
  const payload = memo.payloads.read(attestation.envelope, `${path}.envelope`);
  if (isRefusal(payload)) return payload;
  const { predicateType, predicate } = payload.read.statement;
  if (predicateType !== keyRotationType) {
    return refuse('PREDICATE_TYPE_MISMATCH', path, `expected ${keyRotationType}`);
  }
  const rotation = predicate as KeyRotation;
  const concerned = roots.filter(({ authorised }) => authorised.keys.some(({ vkey }) => vkey === rotation.from));
  if (concerned.length === 0) return refuse('UNKNOWN_KEY', path, 'no root has the key that was replaced');
  for (const root of concerned) {
    const refusal = problemOf(attestation, payload, rotation, root, memo);
    if (refusal !== undefined) return refusal;
  }
  const names = concerned.map(({ name }) => name);
  const next = trust.roots.map((root) =>
    !names.includes(root.name) || isRotatedTo(root, rotation.from, rotation.to, BigInt(rotation.atSize))
      ? root
      : rotateRoot(root, rotation.from, rotation.to, BigInt(rotation.atSize)),
  );
  const isNew = next.some((root, at) => root !== trust.roots[at]);
  return { ok: true, trust: isNew ? { ...trust, roots: next } : trust, roots: names };
}

function problemOf(
  attestation: Attestation,
  payload: ReadPayload,
  { from, to, atSize }: KeyRotation,
  root: ReadRoot,
  memo: VouchingMemo,
): Refusal | undefined {
  const { keys } = root.authorised;
  const old = keys.find(({ vkey }) => vkey === from)!;
  const next = readTrustedKey({ vkey: to });
  if (next === undefined || next.key.keyName !== old.key.keyName || to === from) {
    return refuse('ROTATION_INVALID', path, 'the next key is no other Ed25519 vkey of the same log');
  }
  const size = BigInt(atSize);
  if (old.untilSize !== undefined && old.untilSize !== size) {
    return refuse('KEY_RETIRED', path, `the key ${old.keyId} was replaced at the size ${old.untilSize} already`);
  }
  const known = keys.find(({ vkey }) => vkey === to);
  if (known === undefined) {
    if (old.untilSize !== undefined) {
      return refuse('KEY_RETIRED', path, `the key ${old.keyId} was replaced already, and not by ${next.keyId}`);
    }
    if (keys.length >= maximumKeys) return refuse('ROTATION_INVALID', path, `the root has ${maximumKeys} keys already`);
  } else if (known.fromSize !== size || old.untilSize !== size) {
    return refuse('ROTATION_INVALID', path, `the root has the key ${next.keyId} already, for other sizes of the log`);
  }
  const vouched = vouch(attestation, payload, { root, keys: [old] }, memo, path);
  if (isRefusal(vouched)) return vouched;
  if (vouched.by !== 'both')
    return refuse('NOT_VOUCHED', path, 'a rotation has the signatures of both keys, and a proof');
  const confirmed = signerOf(attestation.envelope, [next], path);
  if (isRefusal(confirmed)) return confirmed;
  const { index, signer } = vouched.proven!;
  return signer.size === size && BigInt(index) === size - 1n
    ? undefined
    : refuse('ROTATION_INVALID', path, `it is entry ${index} of ${signer.size}, not the last one of ${size}`);
}
