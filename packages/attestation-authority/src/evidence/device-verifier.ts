// The verifier of devices (RFC 9334): challenges them, enrols their keys, appraises their quotes. It keeps what that needs of state, which is
// open challenges and keys that were read; which devices there are, with which key, is the inventory of whoever uses it.
import type { X509Certificate } from 'node:crypto';
import { type ResourceGovernor, ungoverned } from '@tenstrip/shared-core';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { type AttestationErrorCode, checked, isRefusal, type Refusal, refuse } from '../errors/index.js';
import { type AppraisalPolicy, type CompiledPolicy, compilePolicy } from './appraisal-policy.js';
import { type Challenge, NonceRegistry } from './nonce-registry.js';
import {
  type AttestationKey,
  appraiseQuote,
  type CredentialChallenge,
  type EndorsementKey,
  makeCredential,
  type QuoteAppraisal,
  type QuoteEvidence,
  readAttestationKey,
  readEndorsementKey,
  readEndorsementRoots,
  type TpmCounters,
  verifyEndorsement,
} from './tpm/index.js';

/** Options of a {@link DeviceVerifier}. */
export interface DeviceVerifierOptions {
  /** Each with a name of its own. At most 1,024. */
  readonly policies?: readonly AppraisalPolicy[];
  /** Certificates of TPM makers that are believed, in PEM or DER. Without any, endorsement keys are taken as they come. */
  readonly endorsementRoots?: readonly (Uint8Array | string)[];
  /** Whose clock and entropy it uses. Default: ungoverned. */
  readonly governor?: Pick<ResourceGovernor, 'clock' | 'entropy'>;
  /** How long a challenge can be answered, in milliseconds. Default 60,000. */
  readonly challengeMs?: number;
  /** Challenges that may be made in that time. Default 65,536. */
  readonly maxChallenges?: number;
  /** Attestation keys that are kept read, the least recently used dropped; about 1 KiB each. Default 1,024. */
  readonly maxKeys?: number;
}

/** What an answer to a challenge comes with. */
export interface QuoteAnswer {
  /** The device that was challenged. */
  readonly device: string;
  /** The name of a policy. */
  readonly policy: string;
  /** The device's enrolled key, from the inventory: TPM2B_PUBLIC or TPMT_PUBLIC, or PEM. */
  readonly attestationKey: Uint8Array | string;
  readonly nonce: Uint8Array;
  readonly evidence: QuoteEvidence;
  /** The counters of the device's last accepted quote, from the inventory or by `countersOf`. */
  readonly previous?: TpmCounters;
}

/** A device's request to have its attestation key enrolled. */
export interface EnrolmentRequest {
  /** The public area of the key: TPM2B_PUBLIC or TPMT_PUBLIC. */
  readonly attestationKey: Uint8Array;
  /** The public area of the endorsement key, or its PEM; may be left out where there are certificates. */
  readonly endorsementKey?: Uint8Array | string;
  /** The endorsement key's certificate first, each issued by the next. Needed where the verifier has roots. */
  readonly certificates?: readonly (Uint8Array | string)[];
}

/** A credential for a device to open. */
export interface EnrolmentChallenge extends CredentialChallenge {
  readonly ok: true;
  /** Until when its secret can be presented, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** The root that vouches for the endorsement key; `undefined` where the verifier has no roots. */
  readonly endorsedBy: string | undefined;
}

/** A key that was proven to be in the TPM with the endorsement key. */
export interface Enrolment {
  readonly ok: true;
  /** Its name in the TPM. */
  readonly keyName: Uint8Array;
  /** SHA-256 of its SubjectPublicKeyInfo, in lower-case hex. */
  readonly keyFingerprint: string;
}

const optionsSchema = z.strictObject({
  policies: z.array(z.custom<AppraisalPolicy>()).max(1024).default([]),
  endorsementRoots: z
    .array(z.union([z.string(), z.instanceof(Uint8Array)]))
    .max(256)
    .default([]),
  governor: z.custom<Pick<ResourceGovernor, 'clock' | 'entropy'>>().default(() => ungoverned),
  challengeMs: z.number().min(1).max(86_400_000).default(60_000),
  maxChallenges: z.int().min(1).max(10_000_000).default(65_536),
  maxKeys: z.int().min(1).max(1_000_000).default(1024),
});

/** Challenges devices and appraises their answers. */
export class DeviceVerifier {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #policies: ReadonlyMap<string, CompiledPolicy>;
  readonly #roots: readonly X509Certificate[];
  readonly #nonces: NonceRegistry;
  /** In the order of use. */
  readonly #keys = new Map<string, AttestationKey>();

  /** @throws TenstripError `OptionsInvalid` with everything that is wrong with the options or a policy */
  constructor(options: DeviceVerifierOptions = {}) {
    this.#options = checked(optionsSchema, options, 'what a device verifier can be made with');
    const { policies, endorsementRoots, governor, challengeMs, maxChallenges } = this.#options;
    this.#roots = readEndorsementRoots(endorsementRoots);
    const compiled = policies.map(compilePolicy);
    this.#policies = new Map(compiled.map((policy) => [policy.name, policy]));
    if (this.#policies.size < compiled.length) {
      throw new TenstripError<AttestationErrorCode>(
        'OptionsInvalid',
        'Two policies have the same name. Give each its own.',
      );
    }
    this.#nonces = new NonceRegistry({ governor, ttlMs: challengeMs, maxPerGeneration: maxChallenges });
  }

  /** A nonce for a device to have quoted. @throws TenstripError `NoncesExhausted` (retryable), `RequestInvalid` */
  challenge(device: string): Challenge {
    return this.#nonces.challenge(`quote ${device}`);
  }

  /**
   * The verdict on an answer to a challenge. Where policy and key are known the challenge is used up, whatever the verdict. `POLICY_UNKNOWN`, `ATTESTATION_KEY_INVALID`,
   * `NONCE_UNKNOWN`, `NONCE_REUSED`, `NONCE_EXPIRED`, and as {@link appraiseQuote}.
   */
  appraise({ device, policy: name, attestationKey, nonce, evidence, previous }: QuoteAnswer): QuoteAppraisal {
    const policy = this.#policies.get(name);
    if (policy === undefined) {
      return refuse('POLICY_UNKNOWN', 'policy', `no policy is named ${JSON.stringify(String(name).slice(0, 200))}`);
    }
    const key = this.#keyOf(attestationKey);
    if (isRefusal(key)) return key;
    const redeemed = this.#nonces.redeem(nonce, `quote ${device}`);
    if (isRefusal(redeemed)) return redeemed;
    const given = { key, nonce, challengedAt: redeemed.challengedAt, time: this.#options.governor.clock.now() };
    return appraiseQuote(evidence, policy, previous === undefined ? given : { ...given, previous });
  }

  /**
   * A credential that only the TPM with both keys opens; its secret, given to {@link confirm}, enrols the attestation key.
   * `ATTESTATION_KEY_INVALID`, `ENDORSEMENT_KEY_INVALID`, `ENDORSEMENT_INVALID`.
   * @throws TenstripError `NoncesExhausted` (retryable)
   */
  makeCredentialChallenge({
    attestationKey,
    endorsementKey,
    certificates,
  }: EnrolmentRequest): EnrolmentChallenge | Refusal {
    const key = namedKey(attestationKey);
    if (isRefusal(key)) return key;
    const endorsed = this.#endorsement(endorsementKey, certificates);
    if (isRefusal(endorsed)) return endorsed;
    const { governor } = this.#options;
    const { nonce: secret, expiresAt } = this.#nonces.challenge(audienceOf(key));
    const challenge = makeCredential(endorsed.key, key.name, secret, (length) => governor.entropy(length));
    return { ok: true, ...challenge, expiresAt, endorsedBy: endorsed.root };
  }

  /** Takes the secret of a credential. `ATTESTATION_KEY_INVALID`, `NONCE_UNKNOWN` for a wrong one, `NONCE_REUSED`, `NONCE_EXPIRED`. */
  confirm(attestationKey: Uint8Array, secret: Uint8Array): Enrolment | Refusal {
    const key = namedKey(attestationKey);
    if (isRefusal(key)) return key;
    const redeemed = this.#nonces.redeem(secret, audienceOf(key));
    return isRefusal(redeemed) ? redeemed : { ok: true, keyName: key.name, keyFingerprint: key.fingerprint };
  }

  #endorsement(
    key: EnrolmentRequest['endorsementKey'],
    certificates: EnrolmentRequest['certificates'],
  ): { readonly key: EndorsementKey; readonly root: string | undefined } | Refusal {
    if (this.#roots.length === 0) {
      if (key === undefined) return refuse('ENDORSEMENT_KEY_INVALID', 'endorsementKey', 'it is missing');
      const read = readEndorsementKey(key);
      return isRefusal(read) ? read : { key: read, root: undefined };
    }
    const given = { roots: this.#roots, time: this.#options.governor.clock.now() };
    const publicArea = key instanceof Uint8Array ? { publicArea: key } : {};
    return verifyEndorsement(certificates ?? [], { ...given, ...publicArea });
  }

  #keyOf(source: Uint8Array | string): AttestationKey | Refusal {
    const text = typeof source === 'string' ? source : `octets ${Buffer.from(source).toString('latin1')}`;
    const known = this.#keys.get(text);
    const key = known ?? readAttestationKey(source);
    if (isRefusal(key)) return key;
    this.#keys.delete(text);
    this.#keys.set(text, key);
    if (this.#keys.size > this.#options.maxKeys) this.#keys.delete(this.#keys.keys().next().value!);
    return key;
  }
}

type NamedKey = AttestationKey & { readonly name: Uint8Array };

function namedKey(publicArea: Uint8Array): NamedKey | Refusal {
  if (!(publicArea instanceof Uint8Array)) {
    return refuse('ATTESTATION_KEY_INVALID', 'attestationKey', 'its public area is needed, which has its name');
  }
  return readAttestationKey(publicArea) as NamedKey | Refusal;
}

function audienceOf({ name }: NamedKey): string {
  return `credential ${Buffer.from(name).toString('hex')}`;
}
