// Endorsement certificates: that the maker of a TPM vouches for its endorsement key. Source: TCG EK Credential Profile 2.5, section 3; RFC 5280,
// section 6. Of RFC 5280 this looks at names, signatures, times and the CA flag; `node:crypto` shows neither path lengths nor name
// constraints, so the roots must be the vendors' own. Cost: a signature a certificate.
import { X509Certificate } from 'node:crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { type AttestationErrorCode, isRefusal, type Refusal, refuse } from '../../errors/index.js';
import { type EndorsementKey, fingerprintOf, readEndorsementKey } from './public-area.js';

/** An endorsement key that a root vouches for. */
export interface Endorsement {
  readonly ok: true;
  readonly key: EndorsementKey;
  /** Who vouches: the root's subject, a line a part. */
  readonly root: string;
  /** SHA-256 of the certificate, in lower-case hex. */
  readonly certificate: string;
}

/** What an endorsement is looked at with. */
export interface EndorsementCircumstances {
  /** Certificates of TPM makers that are believed, in PEM or DER, or read; at most 256. */
  readonly roots: readonly (Uint8Array | string | X509Certificate)[];
  /** Now, in milliseconds since 1970. */
  readonly time: number;
  /** The public area of the endorsement key, whose key the certificate must then be of; it says more than the certificate. */
  readonly publicArea?: Uint8Array;
}

const maximumCertificates = 8;
const maximumRoots = 256;
const maximumCertificateBytes = 16_384;
/** tcg-kp-EKCertificate. */
const endorsementUse = '2.23.133.8.1';

/**
 * Follows a chain of certificates, the endorsement key's first, each signed by the next, to a given root. Never throws for a bad chain.
 * `ENDORSEMENT_INVALID`, `ENDORSEMENT_KEY_INVALID`.
 * @throws TenstripError `OptionsInvalid` when a root is no certificate of an authority
 */
export function verifyEndorsement(
  chain: readonly (Uint8Array | string)[],
  circumstances: EndorsementCircumstances,
): Endorsement | Refusal {
  const { roots, time, publicArea } = Object(circumstances) as EndorsementCircumstances;
  if (!Array.isArray(chain) || chain.length < 1 || chain.length > maximumCertificates) {
    return refuse('ENDORSEMENT_INVALID', 'certificates', 'it has not 1 to 8 certificates');
  }
  const known = readEndorsementRoots(roots);
  const certificates = chain.map(readCertificate);
  for (const [at, certificate] of certificates.entries()) {
    const problem =
      certificate === undefined ? 'it is no certificate' : certificateProblem(certificate, at, certificates, time);
    if (problem !== undefined) return refuse('ENDORSEMENT_INVALID', `certificates[${at}]`, problem);
  }
  const last = certificates[certificates.length - 1]!;
  const root = known.find((one) => isRootOf(one, last, time));
  if (root === undefined) {
    const issuer = JSON.stringify(last.issuer.slice(0, 200));
    return refuse(
      'ENDORSEMENT_INVALID',
      `certificates[${certificates.length - 1}]`,
      `no root issued it; its issuer is ${issuer}`,
    );
  }
  const leaf = certificates[0]!;
  const key = endorsedKey(leaf, publicArea);
  if (isRefusal(key)) return key;
  return { ok: true, key, root: root.subject, certificate: leaf.fingerprint256.replaceAll(':', '').toLowerCase() };
}

/** Roots, read once. @throws TenstripError `OptionsInvalid` */
export function readEndorsementRoots(roots: EndorsementCircumstances['roots']): X509Certificate[] {
  if (!Array.isArray(roots)) {
    throw new TenstripError<AttestationErrorCode>(
      'OptionsInvalid',
      'The roots are no array of certificates. Give one.',
    );
  }
  return roots.map((source: X509Certificate | Uint8Array | string, at) => {
    const root = source instanceof X509Certificate ? source : readCertificate(source);
    if (root?.ca === true && at < maximumRoots) return root;
    throw new TenstripError<AttestationErrorCode>(
      'OptionsInvalid',
      `Root ${at} is no certificate of an authority in PEM or DER, or is one of more than ${maximumRoots}. Correct it.`,
      { details: { at } },
    );
  });
}

function certificateProblem(
  certificate: X509Certificate,
  at: number,
  chain: readonly (X509Certificate | undefined)[],
  time: number,
): string | undefined {
  const isLeaf = at === 0;
  if (certificate.ca === isLeaf) {
    return isLeaf ? 'it is of an authority, not of a TPM' : 'it is not of an authority';
  }
  if (isLeaf && certificate.keyUsage !== undefined && !certificate.keyUsage.includes(endorsementUse)) {
    return `it is for ${certificate.keyUsage.join(', ')}, not for an endorsement key`;
  }
  if (!isValidAt(certificate, time)) return `it is valid from ${certificate.validFrom} to ${certificate.validTo}`;
  const issuer = chain[at + 1];
  return at + 1 === chain.length || issuer === undefined || isIssuedBy(certificate, issuer)
    ? undefined
    : 'the next one did not issue it';
}

/** Whether a root is this certificate itself, or issued it. */
function isRootOf(root: X509Certificate, last: X509Certificate, time: number): boolean {
  if (!isValidAt(root, time)) return false;
  return root.fingerprint256 === last.fingerprint256 || isIssuedBy(last, root);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key of a kind that OpenSSL does not know
  }
}

/** Written so that a time that is no number is outside. */
function isValidAt({ validFrom, validTo }: X509Certificate, time: number): boolean {
  return time >= Date.parse(validFrom) && time <= Date.parse(validTo);
}

function endorsedKey(leaf: X509Certificate, publicArea: Uint8Array | undefined): EndorsementKey | Refusal {
  let pem: string;
  let fingerprint: string;
  try {
    pem = leaf.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    fingerprint = fingerprintOf(leaf.publicKey);
  } catch {
    return refuse('ENDORSEMENT_KEY_INVALID', 'certificates[0]', 'its key is of a kind that cannot be read');
  }
  if (publicArea === undefined) return readEndorsementKey(pem, 'certificates[0]');
  const key = readEndorsementKey(publicArea);
  if (isRefusal(key) || key.fingerprint === fingerprint) return key;
  return refuse('ENDORSEMENT_KEY_INVALID', 'endorsementKey', 'the certificate is of another key');
}

function readCertificate(source: Uint8Array | string): X509Certificate | undefined {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) return undefined;
  if (source.length > maximumCertificateBytes) return undefined;
  try {
    return new X509Certificate(source);
  } catch {
    return undefined;
  }
}
