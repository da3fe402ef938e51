// Quotes that no TPM made: the structure of a recorded one with other contents, signed by a key of our own. For what a TPM does not say
// by itself, and for nonces that are made in a test.
import { generateKeyPairSync, sign } from 'node:crypto';
import { type AttestationKey, type QuoteEvidence, readAttestationKey } from '../../src/index.js';
import { quoteOf } from './recorded-quotes.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const boot = quoteOf('ecdsa-p256');

/** The key that signs them, in PEM. */
export const makersPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
/** The key that signs them. */
export const makersKey = readAttestationKey(makersPem) as AttestationKey;

/** Evidence with these octets in the place of a TPMS_ATTEST. */
export function signed(quoted: Uint8Array): QuoteEvidence {
  const octets = sign('sha256', quoted, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const size = Buffer.from('0020', 'hex');
  const numbers = [size, octets.subarray(0, 32), size, octets.subarray(32)];
  return { ...boot.evidence, quoted, signature: Buffer.concat([Buffer.from('0018000b', 'hex'), ...numbers]) };
}

/** The recorded quote of a boot as an answer to another challenge of 32 octets. */
export function answerTo(nonce: Uint8Array): QuoteEvidence {
  const quoted = Buffer.from(boot.evidence.quoted);
  quoted.set(nonce, quoted.indexOf(boot.nonce));
  return signed(quoted);
}
