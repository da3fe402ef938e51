// DSSE envelopes: a payload, its type, and signatures over both. Source: DSSE v1.0.2 (github.com/secure-systems-lab/dsse),
// protocol.md for the pre-authentication encoding, envelope.md for the JSON. Members that the format does not have are refused.
import type { Signer } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { type AttestationErrorCode, type Refusal, refuse } from '../errors/index.js';
import { decodeDsseBase64, encodeBase64 } from './base64.js';
import { maximumJsonBytes } from './strict-json.js';

/** A signed payload, as JSON carries it. */
export interface DsseEnvelope {
  /** Base64, standard or URL-safe. */
  readonly payload: string;
  /** Says how the payload is to be read; signed with it. */
  readonly payloadType: string;
  /** At most 64; none when the proof of a log vouches instead. */
  readonly signatures: readonly DsseSignature[];
}

/** One signature over payload type and payload. */
export interface DsseSignature {
  /** A hint at the key, not signed. */
  readonly keyid?: string;
  /** Base64. */
  readonly sig: string;
}

/** Most signatures of an envelope. */
const maximumSignatures = 64;
/** Longest payload, as text: base64 of 1 MiB. */
const maximumPayloadLength = 4 * Math.ceil(maximumJsonBytes / 3);

const latin1Prefix = 'DSSEv1 ';

/** The pre-authentication encoding: what is signed. `payloadType` is ASCII in practice; its length counts UTF-8 bytes. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const head = `${latin1Prefix}${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  const headBytes = Buffer.byteLength(head);
  const encoded = Buffer.allocUnsafe(headBytes + payload.length);
  encoded.write(head, 'utf8');
  encoded.set(payload, headBytes);
  return encoded;
}

/** An envelope with one signature, or none when there is no signer. `keyid` is written as it is given. @throws TenstripError `RequestInvalid` */
export async function sealEnvelope(
  payloadType: string,
  payload: Uint8Array,
  by?: { readonly signer: Signer; readonly keyid: string },
): Promise<DsseEnvelope> {
  if (typeof payloadType !== 'string' || !(payload instanceof Uint8Array)) {
    throw new TenstripError<AttestationErrorCode>(
      'RequestInvalid',
      'An envelope is sealed over a payload type as text and a payload as bytes. Give both.',
    );
  }
  const envelope = { payload: encodeBase64(payload), payloadType };
  if (by === undefined) return { ...envelope, signatures: [] };
  const sig = encodeBase64(await by.signer.sign(preAuthenticationEncoding(payloadType, payload)));
  return { ...envelope, signatures: [{ keyid: by.keyid, sig }] };
}

/** The payload's bytes of an envelope from outside, or what is wrong with it. Never throws. */
export function openEnvelope(envelope: unknown, path: string): Uint8Array | Refusal {
  const misshapen = checkEnvelope(envelope, path);
  if (misshapen !== undefined) return misshapen;
  return decodeDsseBase64((envelope as DsseEnvelope).payload) ?? payloadIsNoBase64(path);
}

/** What is wrong with the shape of an envelope from outside; its payload is not decoded. */
export function checkEnvelope(envelope: unknown, path: string): Refusal | undefined {
  const problem = shapeProblem(envelope);
  return problem === undefined ? undefined : refuse('ENVELOPE_MALFORMED', path, problem);
}

/** That a payload is no base64. */
export function payloadIsNoBase64(path: string): Refusal {
  return refuse('ENVELOPE_MALFORMED', `${path}.payload`, 'the payload is not padded, canonical base64');
}

function shapeProblem(envelope: unknown): string | undefined {
  if (!isEnvelopeObject(envelope)) return 'no object with payload, payloadType and signatures alone';
  const { payload, payloadType, signatures } = envelope;
  if (typeof payload !== 'string' || typeof payloadType !== 'string')
    return 'payload and payloadType are not both text';
  if (payload.length > maximumPayloadLength) return `the payload is longer than ${maximumJsonBytes} bytes`;
  if (payloadType.length > 256) return 'the payload type is longer than 256 characters';
  if (!Array.isArray(signatures)) return 'signatures is no array';
  if (signatures.length > maximumSignatures) {
    return `there are ${signatures.length} signatures; at most ${maximumSignatures} are read`;
  }
  for (let at = 0; at < signatures.length; at++) {
    if (!isSignature(signatures[at])) return 'a signature is not an object with sig and, at will, keyid as text';
  }
  return undefined;
}

function isSignature(signature: unknown): boolean {
  if (!isObject(signature)) return false;
  for (const name in signature) if (name !== 'sig' && name !== 'keyid') return false;
  const { keyid, sig } = signature;
  const keyidFits = keyid === undefined || (typeof keyid === 'string' && keyid.length <= 512);
  return keyidFits && typeof sig === 'string' && sig.length <= 1024;
}

function isEnvelopeObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  for (const name in value) {
    if (name !== 'payload' && name !== 'payloadType' && name !== 'signatures') return false;
  }
  return true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
