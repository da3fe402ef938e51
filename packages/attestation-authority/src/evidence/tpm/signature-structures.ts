// TPMT_SIGNATURE: the signature of an AK. Source: TPM 2.0 Library Part 2, section 11.3. Verifying decides the cost of an appraisal: about
// 50 us for P-256 and 20 us for RSA-2048.
import { constants, verify } from 'node:crypto';
import type { Refusal } from '../../errors/index.js';
import { algorithmText, type HashName, hashOf, type SignatureScheme, schemeOf } from './algorithms.js';
import type { AttestationKey } from './public-area.js';
import { readStructure, StructureError } from './structure-reader.js';

/** A signature, read. */
export interface QuoteSignature {
  readonly scheme: SignatureScheme;
  readonly hash: HashName;
  /** One number for RSA, r and s for ECDSA; big-endian. */
  readonly numbers: readonly Uint8Array[];
}

/** RSA-4096 is the largest. */
const maximumNumberBytes = 512;
const maximumSignatureBytes = 1024;

/** The signature that `bytes` are. `SIGNATURE_MALFORMED`; `ALGORITHM_REFUSED` for a scheme or hash that is none of these. */
export function parseQuoteSignature(bytes: Uint8Array, path = 'signature'): QuoteSignature | Refusal {
  const border = { code: 'SIGNATURE_MALFORMED', path, maximum: maximumSignatureBytes } as const;
  return readStructure(bytes, border, (reader) => {
    const algorithm = reader.u16();
    const scheme = schemeOf(algorithm);
    if (scheme === undefined) {
      throw new StructureError(
        `its scheme is ${algorithmText(algorithm)}, which signs no quote here`,
        'ALGORITHM_REFUSED',
      );
    }
    const hashAlgorithm = reader.u16();
    const hash = hashOf(hashAlgorithm);
    if (hash === undefined) {
      throw new StructureError(
        `its hash is ${algorithmText(hashAlgorithm)}, which is not known here`,
        'ALGORITHM_REFUSED',
      );
    }
    const numbers = [reader.sized('the signature', maximumNumberBytes)];
    if (scheme === 'ecdsa') numbers.push(reader.sized('s', maximumNumberBytes));
    if (numbers.some(({ length }) => length === 0)) throw new StructureError('a number of it is empty');
    return { scheme, hash, numbers };
  });
}

/** Whether it is the key's signature over `message`. */
export function isSignedBy(
  { key, numberBytes }: AttestationKey,
  signature: QuoteSignature,
  message: Uint8Array,
): boolean {
  const { scheme, hash, numbers } = signature;
  if (numbers.some(({ length }) => length > numberBytes)) return false;
  const octets = Buffer.alloc(numberBytes * numbers.length);
  for (const [at, number] of numbers.entries()) octets.set(number, (at + 1) * numberBytes - number.length);
  switch (scheme) {
    case 'ecdsa':
      return verify(hash, message, { key, dsaEncoding: 'ieee-p1363' }, octets);
    case 'rsassa':
      return verify(hash, message, key, octets); // PKCS #1 v1.5 is the default; naming it costs 2 us
    case 'rsapss': // a TPM's salt is as long as fits, or as the digest in FIPS mode (Part 1, annex B.7)
      return verify(
        hash,
        message,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
        octets,
      );
  }
}
