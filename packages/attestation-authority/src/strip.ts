// The governed strip: an authority, a verifier and what is known of revocations, with checked JSON in and out. Log indexes are
// decimal text here and times RFC 3339, as JSON has neither bigint nor dates.
import { definePlugin, defineStrip, type PluginContext, type ResourceGovernor } from '@tenstrip/shared-core';
import type { Signer } from '@tenstrip/shared-core/crypto';
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { revocationReasons } from './attestation-log/index.js';
import { type AttestationErrorCode, isRefusal, type Refusal, refuse } from './errors/index.js';
import {
  type AppraisalPolicy,
  appraisalPolicySchema,
  countersOf,
  DeviceVerifier,
  deviceStateOf,
  parseQuoteEvidence,
} from './evidence/index.js';
import { AttestationAuthority, type AttestationRequest } from './issuance/index.js';
import { exportSigstoreBundle } from './sigstore/index.js';
import {
  type Attestation,
  decodeDsseBase64,
  deviceStateSchema,
  deviceStateType,
  encodeBase64,
} from './statement/index.js';
import { StatusSnapshot } from './status/index.js';
import type { Trust } from './trust/index.js';
import { AttestationVerifier, type Circumstances, followKeyRotation, type Verdict } from './verification/index.js';

/** What the plugins work on. */
interface AttestationService {
  readonly devices: DeviceVerifier;
  readonly authority: AttestationAuthority;
  /** Whom verdicts believe; after a rotation another one. */
  trust: Trust;
  verifier: AttestationVerifier;
  /** What a given signer is to be replaced by. */
  readonly nextSigner: Signer | undefined;
  /** The newest status lists, own and accepted. */
  status: StatusSnapshot;
}

type ServiceContext = PluginContext<AttestationService>;

const indexSchema = z.string().regex(/^(?:0|[1-9]\d{0,15})$/, 'a decimal index');
const digestSchema = z.record(z.string(), z.string());
const envelopeSchema = z.object({
  payload: z.string().max(1_400_000),
  payloadType: z.string().max(256),
  signatures: z.array(z.object({ keyid: z.string().max(512).optional(), sig: z.string().max(1024) })).max(64),
});
const linkSchema = z.object({
  envelope: envelopeSchema,
  proof: z
    .string()
    .max(2 ** 20)
    .optional(),
});
const attestationSchema = linkSchema.extend({ chain: z.array(linkSchema).max(8).optional() });

const requestSchema = z.object({
  subject: z
    .array(z.object({ name: z.string().min(1).max(2048), digest: digestSchema }))
    .min(1)
    .max(1024),
  predicateType: z.string().min(1).max(512),
  predicate: z.unknown(),
  notBefore: z.iso.datetime().optional(),
  notAfter: z.iso.datetime(),
  mode: z.enum(['transparent', 'signature', 'both']).default('transparent'),
  revocable: z.boolean().default(true),
});

const expectationSchema = z
  .object({
    predicateType: z.string().optional(),
    subject: z.object({ name: z.string().optional(), digest: digestSchema.optional() }).optional(),
    root: z.string().optional(),
  })
  .optional();

const verdictSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    statement: z.record(z.string(), z.unknown()),
    root: z.string(),
    keyId: z.string(),
    delegatedBy: z.array(z.string()),
    by: z.enum(['signature', 'proof', 'both']),
    logIndex: indexSchema.optional(),
    checkpointSize: indexSchema.optional(),
    witnessed: z.array(z.string()),
    status: z
      .object({ list: z.string(), index: z.number().int(), version: z.number().int(), ageMs: z.number() })
      .optional(),
    checkedAt: z.number(),
  }),
  z.object({ ok: z.literal(false), code: z.string(), detail: z.string(), path: z.string() }),
]);

const issueAttestation = definePlugin({
  name: 'issue-attestation',
  summary: 'Issues an attestation; answers when it is durable and under a signed checkpoint',
  input: requestSchema,
  output: attestationSchema,
  execute: async (input, context: ServiceContext) =>
    plainAttestation(await context.service.authority.issue(requestOf(input), { context })),
});

const issueBatch = definePlugin({
  name: 'issue-batch',
  summary: 'Issues attestations in order, under one checkpoint as a rule; none when one request is wrong',
  input: z.object({ requests: z.array(requestSchema).max(4096) }),
  output: z.object({ attestations: z.array(attestationSchema) }),
  async execute({ requests }, context: ServiceContext) {
    const issued = await context.service.authority.issueBatch(requests.map(requestOf), { context });
    return { attestations: issued.map(plainAttestation) };
  },
});

const verifyAttestation = definePlugin({
  name: 'verify-attestation',
  summary: 'The verdict on an attestation, now and by the status lists known here',
  input: z.object({ attestation: z.unknown(), expect: expectationSchema }),
  output: verdictSchema,
  execute: ({ attestation, expect }, context: ServiceContext) =>
    plainVerdict(context.service.verifier.verify(attestation as Attestation, circumstances(context, expect))),
});

const verifyBatch = definePlugin({
  name: 'verify-batch',
  summary: 'The same verdicts for many attestations',
  input: z.object({ attestations: z.array(z.unknown()).max(4096), expect: expectationSchema }),
  output: z.object({ verdicts: z.array(verdictSchema) }),
  async execute({ attestations, expect }, context: ServiceContext) {
    const verdicts = [];
    const given = circumstances(context, expect);
    for (const attestation of attestations) {
      verdicts.push(plainVerdict(context.service.verifier.verify(attestation as Attestation, given)));
      await context.checkpoint();
    }
    return { verdicts };
  },
});

const renewAttestation = definePlugin({
  name: 'renew-attestation',
  summary: 'Issues the same statement again, valid from now on, linked to the old one',
  input: z.object({ attestation: attestationSchema, notAfter: z.iso.datetime() }),
  output: attestationSchema,
  async execute({ attestation, notAfter }, context: ServiceContext) {
    const { authority } = context.service;
    return plainAttestation(await authority.renew(attestation as Attestation, new Date(notAfter), { context }));
  },
});

const revokeAttestation = definePlugin({
  name: 'revoke-attestation',
  summary: 'Revokes an attestation, for good',
  input: z.object({
    attestation: attestationSchema,
    reason: z.enum(revocationReasons as [string, ...string[]]).default('unspecified'),
  }),
  output: z.object({ index: indexSchema.optional(), statusList: attestationSchema }),
  async execute({ attestation, reason }, { service, clock }: ServiceContext) {
    const known = revocationReasons.find((one) => one === reason)!;
    const { index, statusList } = await service.authority.revoke(attestation as Attestation, known);
    learn(service, statusList, clock.now());
    return {
      ...(index === undefined ? {} : { index: String(index) }),
      statusList: plainAttestation(statusList),
    };
  },
});

const publishStatus = definePlugin({
  name: 'publish-status',
  summary: 'Issues a fresh version of every status list, and takes note of it',
  input: z.object({}),
  output: z.object({ statusLists: z.array(attestationSchema) }),
  async execute(_, { service, clock }: ServiceContext) {
    const lists = await service.authority.publishStatus();
    for (const list of lists) learn(service, list, clock.now());
    return { statusLists: lists.map(plainAttestation) };
  },
});

const checkStatus = definePlugin({
  name: 'check-status',
  summary: 'Takes note of a status list version that came from elsewhere, if it is trusted',
  input: z.object({ statusList: z.unknown() }),
  output: z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), root: z.string(), list: z.string(), version: z.number().int() }),
    z.object({ ok: z.literal(false), code: z.string(), detail: z.string(), path: z.string() }),
  ]),
  execute({ statusList }, { service, clock }: ServiceContext) {
    const outcome = learn(service, statusList as Attestation, clock.now());
    if (outcome !== undefined) return outcome;
    const read = service.verifier.readStatusList(statusList as Attestation, clock.now(), service.status);
    if (!read.ok) return read;
    const { root, list, version } = read.list;
    return { ok: true as const, root, list, version };
  },
});

const refusalSchema = z.object({ ok: z.literal(false), code: z.string(), detail: z.string(), path: z.string() });
const rangeSchema = z.object({ vkey: z.string(), fromSize: indexSchema.optional(), untilSize: indexSchema.optional() });

const rotateKey = definePlugin({
  name: 'rotate-key',
  summary: 'Hands the log over to another key, by a statement that both sign; the old one signs no more',
  input: z.object({}),
  output: z.object({ rotation: attestationSchema, keys: z.array(rangeSchema) }),
  async execute(_, { service }: ServiceContext) {
    const { authority, nextSigner } = service;
    const { attestation, root } = await authority.rotateKey(nextSigner);
    const followed = followKeyRotation(service.trust, attestation);
    if (followed.ok) believe(service, followed.trust);
    const decimal = (size: bigint | undefined, name: string) => (size === undefined ? {} : { [name]: String(size) });
    const keys = root.keys.map(({ vkey, fromSize, untilSize }) => ({
      vkey,
      ...decimal(fromSize, 'fromSize'),
      ...decimal(untilSize, 'untilSize'),
    }));
    return { rotation: plainAttestation(attestation), keys };
  },
});

const followRotation = definePlugin({
  name: 'follow-key-rotation',
  summary: 'Believes the key that a trusted one says will sign from some size of its log on',
  input: z.object({ rotation: z.unknown() }),
  output: z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), roots: z.array(z.string()) }), refusalSchema]),
  execute({ rotation }, { service }: ServiceContext) {
    const followed = followKeyRotation(service.trust, rotation as Attestation);
    if (!followed.ok) return followed;
    believe(service, followed.trust);
    return { ok: true as const, roots: [...followed.roots] };
  },
});

const exportBundle = definePlugin({
  name: 'export-sigstore-bundle',
  summary: 'The Sigstore bundle v0.3 of an attestation that has a signature',
  input: z.object({ attestation: attestationSchema }),
  output: z.object({ bundle: z.record(z.string(), z.unknown()) }),
  execute: ({ attestation }, _: ServiceContext) => ({
    bundle: { ...exportSigstoreBundle(attestation as Attestation) },
  }),
});

const proveInclusion = definePlugin({
  name: 'prove-inclusion',
  summary: 'The proof that an entry is in the log under its newest checkpoint: C2SP tlog-proof',
  input: z.object({ index: indexSchema }),
  output: z.object({ proof: z.string() }),
  execute: async ({ index }, { service }: ServiceContext) => ({
    proof: await service.authority.proveInclusion(inLog(BigInt(index), service.authority.size - 1n)),
  }),
});

const proveConsistency = definePlugin({
  name: 'prove-consistency',
  summary: 'The proof that the log only grew between two sizes: hashes in base64',
  input: z.object({ from: indexSchema, to: indexSchema }),
  output: z.object({ proof: z.array(z.string()), checkpoint: z.string() }),
  async execute({ from, to }, { service: { authority } }: ServiceContext) {
    const end = inLog(BigInt(to), authority.size);
    const proof = await authority.proveConsistency(inLog(BigInt(from), end), end);
    return {
      proof: proof.map((hash) => Buffer.from(hash).toString('base64')),
      checkpoint: authority.checkpoint,
    };
  },
});

const auditLog = definePlugin({
  name: 'audit-log',
  summary: 'Every problem of the files of the log, by entry',
  input: z.object({}),
  output: z.object({
    size: indexSchema,
    checkpoint: z.string(),
    problems: z.array(z.object({ index: indexSchema, message: z.string() })),
  }),
  async execute(_, context: ServiceContext) {
    const { authority } = context.service;
    const problems = await authority.audit({ context });
    return {
      size: String(authority.size),
      checkpoint: authority.checkpoint,
      problems: problems.map(({ index, message }) => ({ index: String(index), message })),
    };
  },
});

const base64Schema = z.string().max(8192);
const keyTextSchema = base64Schema.describe('TPM2B_PUBLIC or TPMT_PUBLIC in base64, or a public key in PEM');

const challengeDevice = definePlugin({
  name: 'challenge-device',
  summary: 'A nonce for a device to have quoted: good once and for a minute',
  input: z.object({ device: z.string().min(1).max(256) }),
  output: z.object({ nonce: z.string(), challengedAt: z.number(), expiresAt: z.number() }),
  execute({ device }, { service }: ServiceContext) {
    const { nonce, ...times } = service.devices.challenge(device);
    return { nonce: encodeBase64(nonce), ...times };
  },
});

const appraiseTpmQuote = definePlugin({
  name: 'appraise-tpm-quote',
  summary: 'The verdict on a quote that answers a challenge; of a good one the predicate to be attested',
  input: z.object({
    device: z.string().min(1).max(256),
    policy: z.string().min(1).max(256),
    attestationKey: keyTextSchema,
    nonce: base64Schema,
    evidence: z.unknown().describe('{ quoted, signature, pcrs, eventLog? }: base64, and hex by bank:index'),
    previous: z.unknown().describe('the device state of the last good quote').optional(),
  }),
  output: z.discriminatedUnion('ok', [
    z.object({
      ok: z.literal(true),
      predicateType: z.string(),
      predicate: deviceStateSchema,
      keyFingerprint: z.string(),
    }),
    refusalSchema,
  ]),
  execute({ device, policy, attestationKey, nonce, evidence: json, previous }, { service }: ServiceContext) {
    const evidence = parseQuoteEvidence(json);
    if (isRefusal(evidence)) return evidence;
    const counters = countersOf(previous);
    if (previous !== undefined && counters === undefined) {
      return refuse('EVIDENCE_MALFORMED', 'previous', 'it is no device state');
    }
    const answer = { device, policy, attestationKey: keySource(attestationKey), nonce: octets(nonce), evidence };
    const verdict = service.devices.appraise(counters === undefined ? answer : { ...answer, previous: counters });
    if (!verdict.ok) return verdict;
    const { keyFingerprint } = verdict;
    return {
      ok: true as const,
      predicateType: deviceStateType,
      predicate: { ...deviceStateOf(verdict) },
      keyFingerprint,
    };
  },
});

const makeCredentialChallenge = definePlugin({
  name: 'make-credential-challenge',
  summary: 'A credential that only the TPM with both an endorsement and an attestation key opens',
  input: z.object({
    attestationKey: base64Schema,
    endorsementKey: keyTextSchema.optional(),
    certificates: z.array(z.string().max(32_768)).max(8).describe('PEM, or DER in base64; the key’s first').optional(),
  }),
  output: z.discriminatedUnion('ok', [
    z.object({
      ok: z.literal(true),
      credentialBlob: z.string(),
      encryptedSecret: z.string(),
      expiresAt: z.number(),
      endorsedBy: z.string().optional(),
    }),
    refusalSchema,
  ]),
  execute({ attestationKey, endorsementKey, certificates }, { service }: ServiceContext) {
    const made = service.devices.makeCredentialChallenge({
      attestationKey: octets(attestationKey),
      ...(endorsementKey === undefined ? {} : { endorsementKey: keySource(endorsementKey) }),
      ...(certificates === undefined ? {} : { certificates: certificates.map(keySource) }),
    });
    if (!made.ok) return made;
    const { credentialBlob, encryptedSecret, expiresAt, endorsedBy } = made;
    return {
      ok: true as const,
      credentialBlob: encodeBase64(credentialBlob),
      encryptedSecret: encodeBase64(encryptedSecret),
      expiresAt,
      ...(endorsedBy === undefined ? {} : { endorsedBy }),
    };
  },
});

const confirmCredential = definePlugin({
  name: 'confirm-credential',
  summary: 'Takes the secret of a credential: then the attestation key is one of that TPM',
  input: z.object({ attestationKey: base64Schema, secret: base64Schema }),
  output: z.discriminatedUnion('ok', [
    z.object({ ok: z.literal(true), keyName: z.string(), keyFingerprint: z.string() }),
    refusalSchema,
  ]),
  execute({ attestationKey, secret }, { service }: ServiceContext) {
    const enrolled = service.devices.confirm(octets(attestationKey), octets(secret));
    if (!enrolled.ok) return enrolled;
    return { ...enrolled, keyName: Buffer.from(enrolled.keyName).toString('hex') };
  },
});

/** Signer and trust are no JSON and come in here. */
const optionsSchema = z.object({
  folder: z.string().min(1).default('memory:'),
  /** What states of devices are good. */
  policies: z.array(appraisalPolicySchema).max(1024).default([]),
  /** Certificates of TPM makers in PEM. Without any, endorsement keys are taken as they come. */
  endorsementRoots: z.array(z.string().max(32_768)).max(256).default([]),
  origin: z.string().default('tenstrip/attestation-authority'),
  signer: z.custom<Signer>().optional(),
  passphrase: z.string().min(1).optional(),
  /** Whom verdicts believe. Default: this authority alone. */
  trust: z.custom<Trust>().optional(),
  durability: z.enum(['fsync', 'os']).default('fsync'),
  /** What `rotate-key` hands over to, when a signer is given. Without one the authority makes the key. */
  nextSigner: z.custom<Signer>().optional(),
});

/** The engine as a strip: `registry.mount(attestationStrip, { folder, signer })`. Under a sandbox a folder needs `fs.write`. */
export const attestationStrip = defineStrip({
  name: 'attestation-authority',
  version: 1,
  summary: 'Issues, verifies, renews and revokes signed statements, logged in a transparent log',
  options: optionsSchema,
  plugins: [
    issueAttestation,
    issueBatch,
    verifyAttestation,
    verifyBatch,
    renewAttestation,
    revokeAttestation,
    publishStatus,
    checkStatus,
    rotateKey,
    followRotation,
    exportBundle,
    proveInclusion,
    proveConsistency,
    auditLog,
    challengeDevice,
    appraiseTpmQuote,
    makeCredentialChallenge,
    confirmCredential,
  ],
  open: openService,
  close: ({ authority }) => authority.close(),
});

async function openService(
  options: z.output<typeof optionsSchema>,
  governor: ResourceGovernor,
): Promise<AttestationService> {
  const { folder, origin, signer, passphrase, trust: given, durability, nextSigner } = options;
  const authority = await AttestationAuthority.open({
    folder,
    origin,
    durability,
    governor,
    ...(signer === undefined ? {} : { signer }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  try {
    const trust = given ?? { roots: [authority.trustRoot()] };
    return {
      authority,
      trust,
      verifier: new AttestationVerifier(trust),
      nextSigner,
      devices: openDeviceVerifier(options, governor),
      status: StatusSnapshot.empty,
    };
  } catch (error) {
    await authority.close();
    throw error;
  }
}

function openDeviceVerifier(
  { policies, endorsementRoots }: z.output<typeof optionsSchema>,
  governor: ResourceGovernor,
): DeviceVerifier {
  return new DeviceVerifier({ policies: policies as AppraisalPolicy[], endorsementRoots, governor });
}

function believe(service: AttestationService, trust: Trust): void {
  if (trust === service.trust) return;
  service.trust = trust;
  service.verifier = new AttestationVerifier(trust);
}

/** Takes note of a status list; why not, if it is not trusted. */
function learn(service: AttestationService, statusList: Attestation, time: number): Refusal | undefined {
  const read = service.verifier.readStatusList(statusList, time, service.status);
  if (!read.ok) return read;
  const next = service.status.with(read.list);
  if (isRefusal(next)) return next;
  service.status = next;
  return undefined;
}

function circumstances({ service, clock }: ServiceContext, expect: z.output<typeof expectationSchema>): Circumstances {
  const given = { time: clock.now(), status: service.status };
  return expect === undefined ? given : { ...given, expect: expect as NonNullable<Circumstances['expect']> };
}

function requestOf(input: z.output<typeof requestSchema>): AttestationRequest {
  const { notBefore, notAfter, ...request } = input;
  const from = notBefore === undefined ? {} : { notBefore: new Date(notBefore) };
  return { ...request, validity: { ...from, notAfter: new Date(notAfter) } };
}

function plainAttestation({ envelope, proof, chain }: Attestation): z.input<typeof attestationSchema> {
  const plain = (link: Attestation) => ({
    envelope: { ...link.envelope, signatures: [...link.envelope.signatures] },
    ...(link.proof === undefined ? {} : { proof: link.proof }),
  });
  const links = chain === undefined ? {} : { chain: chain.map(plain) };
  return { ...plain(proof === undefined ? { envelope } : { envelope, proof }), ...links };
}

function plainVerdict(verdict: Verdict): z.input<typeof verdictSchema> {
  if (!verdict.ok) return { ...verdict };
  const { logIndex, checkpointSize, statement, delegatedBy, witnessed, ...rest } = verdict;
  return {
    ...rest,
    statement: { ...statement },
    delegatedBy: [...delegatedBy],
    witnessed: [...witnessed],
    ...(logIndex === undefined ? {} : { logIndex: String(logIndex) }),
    ...(checkpointSize === undefined ? {} : { checkpointSize: String(checkpointSize) }),
  };
}

/** Octets in base64; none where it is no base64, which nothing takes. */
function octets(text: string): Uint8Array {
  return decodeDsseBase64(text) ?? new Uint8Array();
}

/** PEM as it is, octets in base64. */
function keySource(text: string): Uint8Array | string {
  return text.includes('-----BEGIN') ? text : octets(text);
}

function inLog(index: bigint, largest: bigint): bigint {
  if (index <= largest) return index;
  throw new TenstripError<AttestationErrorCode>(
    'RequestInvalid',
    `${index} is not in the log; the largest is ${largest}.`,
    {
      details: { index, largest },
    },
  );
}
