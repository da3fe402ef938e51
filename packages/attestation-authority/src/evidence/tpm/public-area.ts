// TPMT_PUBLIC: the public part of a TPM key, its name, and what it may do. Source: TPM 2.0 Library Part 2, sections 8.3 (TPMA_OBJECT),
// 12.2.3 and 12.2.4; Part 1, section 16 (names); TCG EK Credential Profile 2.5, annex B (templates of EKs).
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { isRefusal, type Refusal, type RefusalCode, refuse } from '../../errors/index.js';
import {
  algorithmText,
  digestBytes,
  type HashName,
  hashOf,
  noAlgorithm,
  type SignatureScheme,
  schemeOf,
} from './algorithms.js';
import { readStructure, StructureError, StructureReader } from './structure-reader.js';

/** A key that signs quotes. Importing one costs as much as a verification: keep it. */
export interface AttestationKey {
  readonly key: KeyObject;
  readonly type: 'rsa' | 'ecc';
  /** The only scheme it signs with; `undefined` for a PEM key, which does not say. */
  readonly scheme: { readonly scheme: SignatureScheme; readonly hash: HashName } | undefined;
  /** Octets of its modulus, or of a coordinate. */
  readonly numberBytes: number;
  /** Its name in the TPM: algorithm and digest of its public area. `undefined` for a PEM key. */
  readonly name: Uint8Array | undefined;
  /** SHA-256 of its SubjectPublicKeyInfo in lower-case hex: the digest by which statements name it. */
  readonly fingerprint: string;
}

/** A key that a TPM was made with: it opens credentials, and signs nothing. */
export interface EndorsementKey {
  readonly key: KeyObject;
  readonly type: 'rsa' | 'ecc';
  readonly numberBytes: number;
  /** What derives and authenticates credentials for it. */
  readonly nameHash: HashName;
  /** Of AES in CFB mode. */
  readonly symmetricBits: 128 | 192 | 256;
  readonly fingerprint: string;
}

/** TPMA_OBJECT, by bit. */
const attributes = {
  fixedTPM: 1,
  stClear: 2,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  userWithAuth: 6,
  adminWithPolicy: 7,
  noDA: 10,
  encryptedDuplication: 11,
  restricted: 16,
  decrypt: 17,
  sign: 18,
  x509sign: 19,
} as const;
type Attribute = keyof typeof attributes;

const knownBits = Object.values(attributes).reduce((bits, bit) => bits | (1 << bit), 0);
/** What makes a key of this very TPM, which it signs or opens structures of its own with. */
const boundToTpm = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted'] as const;

const keyTypes: ReadonlyMap<number, 'rsa' | 'ecc'> = new Map([
  [0x0001, 'rsa'],
  [0x0023, 'ecc'],
]);
const curves: ReadonlyMap<number, { readonly crv: string; readonly bytes: number }> = new Map([
  [0x0003, { crv: 'P-256', bytes: 32 }],
  [0x0004, { crv: 'P-384', bytes: 48 }],
]);
const rsaBits: readonly number[] = [2048, 3072, 4096];
const defaultExponent = 65_537;
const aes = 0x0006;
const cfb = 0x0043;
const maximumPublicBytes = 1024;
const maximumPemLength = 4096;

/** A public area, read. */
interface PublicArea {
  readonly type: 'rsa' | 'ecc';
  readonly key: KeyObject;
  readonly numberBytes: number;
  readonly nameHash: HashName;
  readonly name: Uint8Array;
  readonly attributes: number;
  /** 0 for none. */
  readonly symmetricBits: number;
  /** TPM_ALG_ID of its scheme, and of the scheme's hash. */
  readonly scheme: number;
  readonly schemeHash: number | undefined;
}

/**
 * The attestation key that a public area is (TPMT_PUBLIC or TPM2B_PUBLIC), or a key in PEM. A public area must say that the key was made
 * in its TPM, never leaves it, and signs only what the TPM itself made; a PEM key cannot say so, and is for keys whose public area
 * was read before. `ATTESTATION_KEY_INVALID`.
 */
export function readAttestationKey(source: Uint8Array | string, path = 'attestationKey'): AttestationKey | Refusal {
  const code = 'ATTESTATION_KEY_INVALID';
  if (typeof source === 'string') {
    const read = readPemKey(source, code, path);
    return isRefusal(read) ? read : { ...read, scheme: undefined, name: undefined };
  }
  const area = readPublicArea(source, code, path);
  if (isRefusal(area)) return area;
  const missing = attributeProblem(area.attributes, [...boundToTpm, 'sign'], ['decrypt']);
  if (missing !== undefined) return refuse(code, path, missing);
  const scheme = schemeOf(area.scheme);
  const schemeHash = area.schemeHash === undefined ? undefined : hashOf(area.schemeHash);
  if (scheme === undefined || schemeHash === undefined || (scheme === 'ecdsa') !== (area.type === 'ecc')) {
    return refuse(code, path, `its scheme ${algorithmText(area.scheme)} signs no quote here`);
  }
  const { key, type, numberBytes, name } = area;
  return { key, type, numberBytes, name, scheme: { scheme, hash: schemeHash }, fingerprint: fingerprintOf(key) };
}

/**
 * The endorsement key that a public area is (TPMT_PUBLIC or TPM2B_PUBLIC), or the key in PEM of an EK certificate, for which the
 * templates of the EK Credential Profile say the rest. `ENDORSEMENT_KEY_INVALID`.
 */
export function readEndorsementKey(source: Uint8Array | string, path = 'endorsementKey'): EndorsementKey | Refusal {
  const code = 'ENDORSEMENT_KEY_INVALID';
  if (typeof source === 'string') {
    const read = readPemKey(source, code, path);
    if (isRefusal(read)) return read;
    // L-1 and L-2 for RSA-2048 and P-256, H-2, H-6 and H-7 for what is stronger.
    const isLow = read.numberBytes === (read.type === 'rsa' ? 256 : 32);
    return { ...read, nameHash: isLow ? 'sha256' : 'sha384', symmetricBits: isLow ? 128 : 256 };
  }
  const area = readPublicArea(source, code, path);
  if (isRefusal(area)) return area;
  const missing = attributeProblem(area.attributes, [...boundToTpm, 'decrypt'], ['sign']);
  if (missing !== undefined) return refuse(code, path, missing);
  const { key, type, numberBytes, nameHash, symmetricBits } = area;
  if (symmetricBits !== 128 && symmetricBits !== 192 && symmetricBits !== 256) {
    return refuse(code, path, 'it has no AES-CFB for what it protects');
  }
  return { key, type, numberBytes, nameHash, symmetricBits, fingerprint: fingerprintOf(key) };
}

/** SHA-256 of a key's SubjectPublicKeyInfo, in lower-case hex. */
export function fingerprintOf(key: KeyObject): string {
  return hash('sha256', key.export({ format: 'der', type: 'spki' }));
}

// ------------------------------------------------------------------------------------------------------- public area

function readPublicArea(bytes: Uint8Array, code: RefusalCode, path: string): PublicArea | Refusal {
  return readStructure(bytes, { code, path, maximum: maximumPublicBytes }, (reader) => {
    const octets = reader.octets(reader.left);
    // Of a TPM2B_PUBLIC the first 16 bits are a length, which no key type equals.
    const isSized = octets.length > 2 && octets[0]! * 256 + octets[1]! === octets.length - 2;
    const structure = isSized ? octets.subarray(2) : octets;
    const inner = new StructureReader(structure);
    const area = readFields(inner, structure);
    inner.end();
    return area;
  });
}

function readFields(reader: StructureReader, structure: Uint8Array): PublicArea {
  const typeAlgorithm = reader.u16();
  const type = keyTypes.get(typeAlgorithm);
  if (type === undefined) throw new StructureError(`its type is ${algorithmText(typeAlgorithm)}: neither RSA nor ECC`);
  const nameAlgorithm = reader.u16();
  const nameHash = hashOf(nameAlgorithm);
  if (nameHash === undefined || nameHash === 'sha1') {
    throw new StructureError(
      `its name is made by ${algorithmText(nameAlgorithm)}; SHA-256, SHA-384 and SHA-512 are read`,
    );
  }
  const bits = reader.u32();
  if ((bits & ~knownBits) !== 0) throw new StructureError('it has attributes that are reserved');
  reader.sized('authPolicy', digestBytes[nameHash]);
  const symmetricBits = readSymmetric(reader);
  const scheme = reader.u16();
  const schemeHash = scheme === noAlgorithm ? undefined : reader.u16();
  const { key, numberBytes } = type === 'rsa' ? readRsa(reader) : readEcc(reader);
  const name = Buffer.concat([
    Buffer.from([nameAlgorithm >> 8, nameAlgorithm & 0xff]),
    hash(nameHash, structure, 'buffer'),
  ]);
  return { type, key, numberBytes, nameHash, name, attributes: bits, symmetricBits, scheme, schemeHash };
}

/** TPMT_SYM_DEF_OBJECT: bits of AES in CFB mode, 0 for none. */
function readSymmetric(reader: StructureReader): number {
  const algorithm = reader.u16();
  if (algorithm === noAlgorithm) return 0;
  const keyBits = reader.u16();
  const mode = reader.u16();
  if (algorithm === aes && mode === cfb) return keyBits;
  throw new StructureError(`its symmetric algorithm is ${algorithmText(algorithm)} in mode ${algorithmText(mode)}`);
}

function readRsa(reader: StructureReader): { key: KeyObject; numberBytes: number } {
  const keyBits = reader.u16();
  if (!rsaBits.includes(keyBits)) throw new StructureError(`it has ${keyBits} bits; ${rsaBits.join(', ')} are read`);
  const exponent = reader.u32() || defaultExponent;
  if (exponent !== defaultExponent) throw new StructureError(`its exponent is ${exponent}; ${defaultExponent} is read`);
  const modulus = reader.sized('the modulus', keyBits / 8);
  if (modulus.length !== keyBits / 8 || modulus[0]! < 0x80)
    throw new StructureError(`its modulus has not ${keyBits} bits`);
  return {
    key: importKey({ kty: 'RSA', n: base64url(modulus), e: 'AQAB' }),
    numberBytes: modulus.length,
  };
}

function readEcc(reader: StructureReader): { key: KeyObject; numberBytes: number } {
  const algorithm = reader.u16();
  const curve = curves.get(algorithm);
  if (curve === undefined)
    throw new StructureError(`its curve is ${algorithmText(algorithm)}; P-256 and P-384 are read`);
  const kdf = reader.u16();
  if (kdf !== noAlgorithm) throw new StructureError(`it has the key derivation ${algorithmText(kdf)}`);
  const [x, y] = [reader.sized('x', curve.bytes), reader.sized('y', curve.bytes)];
  const full = (coordinate: Uint8Array) => {
    const octets = Buffer.alloc(curve.bytes);
    octets.set(coordinate, curve.bytes - coordinate.length);
    return base64url(octets);
  };
  return {
    key: importKey({ kty: 'EC', crv: curve.crv, x: full(x), y: full(y) }),
    numberBytes: curve.bytes,
  };
}

function importKey(jwk: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new StructureError('its numbers are no key: a point off its curve, for instance');
  }
}

function attributeProblem(
  bits: number,
  needed: readonly Attribute[],
  banned: readonly Attribute[],
): string | undefined {
  const has = (attribute: Attribute) => ((bits >>> attributes[attribute]) & 1) === 1;
  const missing = needed.filter((attribute) => !has(attribute));
  const present = banned.filter(has);
  if (missing.length > 0) return `its attributes lack ${missing.join(', ')}`;
  return present.length > 0 ? `its attributes include ${present.join(', ')}` : undefined;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

// --------------------------------------------------------------------------------------------------------------- PEM

type PemKey = Pick<AttestationKey, 'key' | 'type' | 'numberBytes' | 'fingerprint'>;

const pemCurves: ReadonlyMap<string | undefined, number> = new Map([
  ['prime256v1', 32],
  ['secp384r1', 48],
]);

function readPemKey(pem: string, code: RefusalCode, path: string): PemKey | Refusal {
  if (pem.length > maximumPemLength || !pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) {
    return refuse(code, path, 'it is no public key in PEM');
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return refuse(code, path, 'it is no public key in PEM that can be read');
  }
  const { modulusLength = 0, publicExponent, namedCurve } = key.asymmetricKeyDetails ?? {};
  const coordinateBytes = key.asymmetricKeyType === 'ec' ? pemCurves.get(namedCurve) : undefined;
  if (coordinateBytes !== undefined) {
    return { key, type: 'ecc', numberBytes: coordinateBytes, fingerprint: fingerprintOf(key) };
  }
  if (
    key.asymmetricKeyType === 'rsa' &&
    rsaBits.includes(modulusLength) &&
    publicExponent === BigInt(defaultExponent)
  ) {
    return { key, type: 'rsa', numberBytes: modulusLength / 8, fingerprint: fingerprintOf(key) };
  }
  return refuse(code, path, 'it is none of RSA (2048, 3072, 4096 bits, exponent 65537), P-256, P-384');
}
