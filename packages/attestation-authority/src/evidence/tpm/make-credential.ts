// MakeCredential without a TPM: a secret that only the TPM which has both an endorsement key and the key of a given name can open.
// Source: TPM 2.0 Library Part 1, section 24 (credential protection), 11.4.10 (KDFa, KDFe), annexes B.4 (OAEP) and C.6.4 (ECDH). All
// randomness is given, so that a deterministic run gives the same bytes; OAEP is therefore written out over raw RSA.
import { constants, createCipheriv, createECDH, createHmac, hash, publicEncrypt } from 'node:crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import type { AttestationErrorCode } from '../../errors/index.js';
import { digestBytes, type HashName } from './algorithms.js';
import type { EndorsementKey } from './public-area.js';

/** What TPM2_ActivateCredential takes. */
export interface CredentialChallenge {
  /** TPM2B_ID_OBJECT: the protected secret, with its integrity. */
  readonly credentialBlob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET: the seed of that protection, for the endorsement key. */
  readonly encryptedSecret: Uint8Array;
}

/** Random octets, for instance a governor's `entropy`. */
export type Entropy = (length: number) => Uint8Array;

const ecdhCurves: Readonly<Record<number, string>> = { 32: 'prime256v1', 48: 'secp384r1' };

/**
 * A challenge that opens to `secret` in the TPM that has the endorsement key and an object of this name.
 * @param secret at most as long as a digest of the endorsement key's name hash: 32 octets fit every key
 * @param name of the key that is to be proven: `AttestationKey.name`
 * @throws TenstripError `RequestInvalid` when the secret is empty or too long, or the name is none
 */
export function makeCredential(
  endorsementKey: EndorsementKey,
  name: Uint8Array,
  secret: Uint8Array,
  entropy: Entropy,
): CredentialChallenge {
  const { nameHash, symmetricBits } = Object(endorsementKey) as EndorsementKey;
  const largest = digestBytes[nameHash];
  if (largest === undefined || !(name instanceof Uint8Array) || !(secret instanceof Uint8Array)) {
    throw requestInvalid('A credential is made for a key of readEndorsementKey, from a name and a secret in octets.');
  }
  if (secret.length < 1 || secret.length > largest) {
    throw requestInvalid(`The secret has ${secret.length} octets; give it 1 to ${largest}.`);
  }
  if (name.length < 22 || name.length > 66) throw requestInvalid(`A name of ${name.length} octets is none of a key.`);
  const { seed, encryptedSecret } =
    endorsementKey.type === 'rsa' ? sealSeed(endorsementKey, entropy) : agreeOnSeed(endorsementKey, entropy);
  const identity = encryptCfb(kdfA(nameHash, seed, 'STORAGE', name, symmetricBits), sized(secret));
  const integrityKey = kdfA(nameHash, seed, 'INTEGRITY', new Uint8Array(), largest * 8);
  const integrity = createHmac(nameHash, integrityKey).update(identity).update(name).digest();
  return {
    credentialBlob: sized(Buffer.concat([sized(integrity), identity])),
    encryptedSecret: sized(encryptedSecret),
  };
}

/** A challenge as a file for `tpm2_activatecredential -i`: magic, version 1, and the two structures. */
export function printCredentialFile({ credentialBlob, encryptedSecret }: CredentialChallenge): Uint8Array {
  return Buffer.concat([Buffer.from('badcc0de00000001', 'hex'), credentialBlob, encryptedSecret]);
}

interface SealedSeed {
  readonly seed: Uint8Array;
  readonly encryptedSecret: Uint8Array;
}

// --------------------------------------------------------------------------------------------------------- the seed

function sealSeed({ key, nameHash, numberBytes }: EndorsementKey, entropy: Entropy): SealedSeed {
  const seed = entropy(digestBytes[nameHash]);
  const encoded = encodeOaep(seed, Buffer.from('IDENTITY\0'), nameHash, numberBytes, entropy(digestBytes[nameHash]));
  return { seed, encryptedSecret: publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded) };
}

/** EME-OAEP (RFC 8017, section 7.1.1). */
function encodeOaep(message: Uint8Array, label: Uint8Array, name: HashName, length: number, seed: Uint8Array): Buffer {
  const digest = digestBytes[name];
  const block = Buffer.alloc(length - digest - 1);
  block.set(hash(name, label, 'buffer'));
  block[block.length - message.length - 1] = 1;
  block.set(message, block.length - message.length);
  const maskedBlock = xor(block, maskOf(name, seed, block.length));
  const maskedSeed = xor(seed, maskOf(name, maskedBlock, digest));
  return Buffer.concat([Buffer.alloc(1), maskedSeed, maskedBlock]);
}

/** MGF1 (RFC 8017, annex B.2.1). */
function maskOf(name: HashName, seed: Uint8Array, length: number): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 0; counter * digestBytes[name] < length; counter++) {
    parts.push(hash(name, Buffer.concat([seed, uint32(counter)]), 'buffer'));
  }
  return Buffer.concat(parts, length);
}

function agreeOnSeed({ key, nameHash, numberBytes }: EndorsementKey, entropy: Entropy): SealedSeed {
  const { x, y } = key.export({ format: 'jwk' });
  const theirs = Buffer.concat([Buffer.from('04', 'hex'), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
  const ephemeral = ephemeralKey(ecdhCurves[numberBytes]!, numberBytes, entropy);
  const ours = ephemeral.getPublicKey();
  const [ourX, ourY] = [ours.subarray(1, 1 + numberBytes), ours.subarray(1 + numberBytes)];
  const theirX = theirs.subarray(1, 1 + numberBytes);
  const seed = kdfE(nameHash, ephemeral.computeSecret(theirs), 'IDENTITY', ourX, theirX);
  return { seed, encryptedSecret: Buffer.concat([sized(ourX), sized(ourY)]) };
}

/** A private key is any number below the order of the curve: fewer than one in 2^32 octet strings is none. */
function ephemeralKey(curve: string, length: number, entropy: Entropy): ReturnType<typeof createECDH> {
  const ecdh = createECDH(curve);
  for (let attempt = 0; attempt < 8; attempt++) {
    try {
      ecdh.setPrivateKey(entropy(length));
      return ecdh;
    } catch {
      // not below the order, or zero
    }
  }
  throw requestInvalid('The entropy gave no private key in 8 attempts; it is not random.');
}

// ------------------------------------------------------------------------------------------------------- derivation

/** KDFa: counter mode of SP 800-108 with HMAC. `bits` are whole octets. */
function kdfA(name: HashName, key: Uint8Array, label: string, context: Uint8Array, bits: number): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 1; (counter - 1) * digestBytes[name] * 8 < bits; counter++) {
    const hmac = createHmac(name, key).update(uint32(counter)).update(`${label}\0`);
    parts.push(hmac.update(context).update(uint32(bits)).digest());
  }
  return Buffer.concat(parts, bits / 8);
}

/** KDFe of SP 800-56A for one digest: as many bits as the name hash has. */
function kdfE(name: HashName, shared: Uint8Array, label: string, partyU: Uint8Array, partyV: Uint8Array): Buffer {
  return hash(name, Buffer.concat([uint32(1), shared, Buffer.from(`${label}\0`), partyU, partyV]), 'buffer');
}

function encryptCfb(key: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cfb`, key, Buffer.alloc(16));
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

function sized(octets: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([octets.length >> 8, octets.length & 0xff]), octets]);
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((octet, at) => octet ^ b[at]!));
}

function requestInvalid(message: string): TenstripError<AttestationErrorCode> {
  return new TenstripError('RequestInvalid', message);
}
