// Export as a Sigstore bundle v0.3 (github.com/sigstore/protobuf-specs, sigstore_bundle.proto), for verifiers of that ecosystem that
// are given the key. The log's proof stays behind: entries of our log are lines and not Rekor's, so a verifier is told to ask for none.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { parseVerifierKey } from '@tenstrip/shared-core/transparency';
import type { AttestationErrorCode } from '../errors/index.js';
import { type Attestation, checkEnvelope } from '../statement/index.js';

/** A bundle as JSON: the members that a signature by a known key needs. */
export interface SigstoreBundle {
  readonly mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json';
  readonly verificationMaterial: {
    readonly publicKey: { readonly hint: string };
    readonly tlogEntries: readonly [];
    readonly timestampVerificationData: { readonly rfc3161Timestamps: readonly [] };
  };
  readonly dsseEnvelope: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string; readonly keyid: string }[];
  };
}

const mediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * The bundle of an attestation in `signature` or `both` mode; its hint is the key's id (`origin+id`). Verifies nothing.
 * @throws TenstripError `RequestInvalid` unless it has exactly one signature, with a key id
 */
export function exportSigstoreBundle(attestation: Attestation): SigstoreBundle {
  const { envelope } = Object(attestation) as Attestation;
  const misshapen = checkEnvelope(envelope, 'envelope');
  if (misshapen !== undefined) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      `This is no attestation to export: its envelope is ${misshapen.detail}. Give what was issued.`,
    );
  }
  const { payload, payloadType, signatures } = envelope;
  const [signature] = signatures;
  if (signature?.keyid === undefined || signatures.length !== 1) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      `The attestation has ${signatures.length} signatures; a bundle has one, with a key id. Issue it in the mode "signature" or "both".`,
    );
  }
  const { keyid: hint, sig } = signature;
  return {
    mediaType,
    verificationMaterial: {
      publicKey: { hint },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [] },
    },
    dsseEnvelope: { payload, payloadType, signatures: [{ sig, keyid: hint }] },
  };
}

/** The key of a vkey in the form that other libraries import: SubjectPublicKeyInfo (RFC 8410). @throws TenstripError `RequestInvalid` */
export function publicKeyOf(vkey: string): KeyObject {
  const key = typeof vkey === 'string' ? parseVerifierKey(vkey, sha256) : undefined;
  if (key === undefined) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      `${JSON.stringify(String(vkey))} is no vkey of type Ed25519.`,
    );
  }
  const x = Buffer.from(key.publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
