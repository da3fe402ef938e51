// The verifier. A verdict is a pure function of attestation, trust, status and time: what is kept between calls changes how long
// the next one takes, never what it says. Cost: 70 us a signature; in transparent mode some microseconds, see docs/benchmarks.md.
import { TenstripError } from '@tenstrip/shared-core/errors';
import { z } from 'zod';
import { type AttestationErrorCode, checked, isRefusal, type Refusal, refuse } from '../errors/index.js';
import {
  type Attestation,
  type ChainLink,
  keyRotationType,
  knownPredicates,
  maximumChain,
  type PredicateSchemas,
  type ReadStatement,
  type StatusListPredicate,
  statusListType,
} from '../statement/index.js';
import { decodeBitstring, type StatusList, StatusSnapshot, statusBit } from '../status/index.js';
import {
  type Authorised,
  excessOf,
  type ReadRoot,
  type ReadTrust,
  readDelegation,
  readTrust,
  type Scope,
  type Trust,
} from '../trust/index.js';
import { CheckpointMemo } from './checkpoint-memo.js';
import { PayloadMemo, type ReadPayload } from './payload-memo.js';
import type { Acceptance, Expectation, StatusEvidence, Verdict } from './verdict.js';
import { type Vouched, type VouchingMemo, vouch } from './vouching.js';

/** What a verifier keeps, and which predicates it knows. */
export interface VerifierOptions {
  /** Schemas of further predicate types. */
  readonly predicates?: PredicateSchemas;
  /** Checkpoints that are kept. Default 1,024. */
  readonly maxCheckpoints?: number;
  /** Tiles of verified nodes that are kept, some 50 KiB each when full. Default 512. */
  readonly maxTiles?: number;
  /** Payloads and proofs that are kept, in characters. Default 32 Mi. */
  readonly maxPayloadCharacters?: number;
}

/** Under which circumstances a verdict is asked for. */
export interface Circumstances {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** What is known of revocations. Default: nothing. */
  readonly status?: StatusSnapshot;
  /** What the attestation must say. Default: anything. */
  readonly expect?: Expectation;
}

/** One link of a chain, read. */
interface ReadLink {
  readonly link: ChainLink;
  readonly payload: ReadPayload;
  readonly path: string;
}

/** An attestation, read: what it says, and the delegations above it from the root down. */
interface ReadAttestation extends ReadLink {
  readonly chain: readonly ReadLink[];
}

/** Verifies attestations under one trust. */
export class AttestationVerifier {
  readonly #trust: ReadTrust;
  readonly #memo: VouchingMemo;
  /** Those whose shape was looked at last. */
  #circumstances: Circumstances | undefined;

  /** @throws TenstripError `OptionsInvalid` when `trust` or `options` are wrong, with everything that is. */
  constructor(trust: Trust, options: VerifierOptions = {}) {
    this.#trust = readTrust(trust);
    const read = checked(optionsSchema, options, 'what a verifier can be made with');
    const { predicates = new Map(), maxPayloadCharacters = 2 ** 25, maxCheckpoints = 1024, maxTiles = 512 } = read;
    this.#memo = {
      payloads: new PayloadMemo(new Map([...knownPredicates, ...predicates]), maxPayloadCharacters),
      checkpoints: new CheckpointMemo({ maxCheckpoints, maxTiles }),
    };
  }

  /**
   * The verdict on an attestation from anywhere. Never throws for what a stranger may send.
   * @throws TenstripError `OptionsInvalid` when `circumstances` are none, or expect what is no expectation
   */
  verify(attestation: Attestation, circumstances: Circumstances): Verdict {
    if (circumstances !== this.#circumstances) this.#circumstances = checkedCircumstances(circumstances);
    const read = this.#read(attestation);
    return isRefusal(read) ? read : this.#underSomeRoot(read, circumstances, true);
  }

  /** The same verdicts, one after the other; in the order of the log it is fastest. */
  verifyBatch(attestations: readonly Attestation[], circumstances: Circumstances): Verdict[] {
    if (!Array.isArray(attestations)) throw optionsInvalid('The attestations are no array. Give one.');
    return attestations.map((attestation) => this.verify(attestation, circumstances));
  }

  /**
   * The status list that an attestation is, verified like any other; its own freshness is judged when it is used. Put it into a
   * {@link StatusSnapshot}. One that a delegate issued needs the status of its delegations: learn the root's lists first.
   */
  readStatusList(
    attestation: Attestation,
    time: number,
    status: StatusSnapshot = StatusSnapshot.empty,
  ): { readonly ok: true; readonly list: StatusList } | Refusal {
    const given = this.#read(attestation);
    if (isRefusal(given)) return given;
    const expect = { predicateType: statusListType };
    const verdict = this.#underSomeRoot(given, { time, status, expect }, false);
    if (!verdict.ok) return verdict;
    const { id, encodedList, version, validFrom } = verdict.statement.predicate as StatusListPredicate;
    const bits = decodeBitstring(encodedList);
    if (bits === undefined || !verdict.statement.subject.some(({ name }) => name === id)) {
      return refuse(
        'STATUS_LIST_INVALID',
        'envelope.payload',
        'its list is no GZIP of at least 131,072 bits, or no subject',
      );
    }
    const issued = Date.parse(validFrom);
    if (issued > time + this.#trust.clockSkewMs) {
      return refuse('NOT_YET_VALID', 'envelope.payload', `the list is valid from ${validFrom} on`);
    }
    return { ok: true, list: { root: verdict.root, list: id, version, validFrom: issued, bits } };
  }

  /**
   * Whether an attestation was vouched for, at whatever time it is valid, and whatever became of it since. For the one who issued
   * it, to renew or revoke it.
   */
  verifyAtAnyTime(attestation: Attestation): Verdict {
    const given = this.#read(attestation);
    if (isRefusal(given)) return given;
    const { notBefore, notAfter } = given.payload.read;
    const time = Number.isFinite(notAfter) ? notAfter - 1 : Math.max(notBefore, 0);
    return this.#underSomeRoot(given, { time }, false);
  }

  // ----------------------------------------------------------------------------------------------------------- reading

  #read(attestation: unknown): ReadAttestation | Refusal {
    if (typeof attestation !== 'object' || attestation === null) {
      return refuse('ENVELOPE_MALFORMED', '', 'an attestation is an object with an envelope');
    }
    const chain = this.#readChain((attestation as Attestation).chain);
    if (isRefusal(chain)) return chain;
    const payload = this.#memo.payloads.read((attestation as Attestation).envelope, 'attestation.envelope');
    return isRefusal(payload) ? payload : { link: attestation as Attestation, payload, path: 'attestation', chain };
  }

  #readChain(chain: unknown): readonly ReadLink[] | Refusal {
    if (chain === undefined) return noLinks;
    if (!Array.isArray(chain)) return refuse('ENVELOPE_MALFORMED', 'chain', 'the chain is no array');
    if (chain.length > maximumChain) {
      return refuse(
        'CHAIN_TOO_LONG',
        'chain',
        `it has ${chain.length} delegations; at most ${maximumChain} are followed`,
      );
    }
    const links: ReadLink[] = [];
    for (let at = 0; at < chain.length; at++) {
      const link: ChainLink = chain[at] ?? {};
      const payload = this.#memo.payloads.read(link.envelope, `chain[${at}].envelope`);
      if (isRefusal(payload)) return payload;
      links.push({ link, payload, path: `chain[${at}]` });
    }
    return links;
  }

  // ----------------------------------------------------------------------------------------------------------- judging

  /** The first acceptance; else the refusal that came furthest, for roots that know nothing of a key say nothing of it. */
  #underSomeRoot(given: ReadAttestation, circumstances: Circumstances, needsStatus: boolean): Verdict {
    let refusal: Refusal | undefined;
    for (const root of this.#trust.roots) {
      const verdict = this.#judge(given, root, circumstances, needsStatus);
      if (verdict.ok) return verdict;
      const isStranger = verdict.code === 'UNKNOWN_KEY' && verdict.path.startsWith((given.chain[0] ?? given).path);
      if (refusal === undefined || (refusal.code === 'UNKNOWN_KEY' && !isStranger)) refusal = verdict;
    }
    return refusal!;
  }

  /** The recipe: delegations from the root down, who vouches, whether they may, when, and whether it is what is expected. */
  #judge(
    { link, payload, path, chain }: ReadAttestation,
    root: ReadRoot,
    { time, status = StatusSnapshot.empty, expect }: Circumstances,
    needsStatus: boolean,
  ): Verdict {
    let authorised: Authorised = root.authorised;
    let delegatedBy = nobody;
    for (const delegation of chain) {
      const delegated = this.#delegate(delegation, authorised, time, status);
      if (isRefusal(delegated)) return delegated;
      delegatedBy = [...delegatedBy, delegated.by];
      authorised = delegated.to;
    }
    const { statement } = payload.read;
    const vouched = vouch(link, payload, authorised, this.#memo, path);
    if (isRefusal(vouched)) return vouched;
    const refusal =
      scopeProblem(payload.read, authorised, chain.length > 0, path) ??
      timeProblem(payload.read, authorised.scope, time, this.#trust.clockSkewMs, path);
    if (refusal !== undefined) return refusal;
    const evidence = needsStatus ? this.#statusOf(payload.read, root, status, time, path) : undefined;
    if (isRefusal(evidence)) return evidence;
    const unexpected = expect === undefined ? undefined : expectationProblem(payload.read, root, expect, path);
    if (unexpected !== undefined) return unexpected;
    return accept(statement, root, vouched, delegatedBy, evidence, time);
  }

  #delegate(
    { link, payload, path }: ReadLink,
    from: Authorised,
    time: number,
    status: StatusSnapshot,
  ): { readonly by: string; readonly to: Authorised } | Refusal {
    const vouched = vouch(link, payload, from, this.#memo, path);
    if (isRefusal(vouched)) return vouched;
    const delegation = readDelegation(payload.read, from.scope, path);
    if (isRefusal(delegation)) return delegation;
    const late = timeProblem(payload.read, delegation.scope, time, this.#trust.clockSkewMs, path);
    if (late !== undefined) return late;
    const evidence = this.#statusOf(payload.read, from.root, status, time, path);
    if (isRefusal(evidence)) return evidence;
    return { by: vouched.keyId, to: { root: from.root, ...delegation } };
  }

  /** Where it was seen that a statement is not revoked. Fails closed: without a fresh list there is no acceptance. */
  #statusOf(
    { statement }: ReadStatement,
    root: ReadRoot,
    status: StatusSnapshot,
    time: number,
    path: string,
  ): StatusEvidence | Refusal | undefined {
    const policy = this.#trust.status;
    const place = statement.tenstrip_terms?.status;
    if (place === undefined) {
      return policy.missing === 'accept'
        ? undefined
        : refuse('STATUS_MISSING', path, 'it has no place in a status list');
    }
    const known = status.get(root.name, place.list);
    if (known === undefined) {
      return policy.stale === 'accept'
        ? undefined
        : refuse('STATUS_UNKNOWN', path, 'no version of its status list is known');
    }
    const bit = statusBit(known.bits, place.index);
    if (bit === undefined) return refuse('STATUS_LIST_INVALID', path, `the list has no place ${place.index}`);
    if (bit) return refuse('REVOKED', path, `version ${known.version} of its status list says that it is revoked`);
    const ageMs = Math.max(0, time - known.validFrom);
    if (ageMs > policy.maxAgeMs && policy.stale === 'refuse') {
      return refuse('STATUS_STALE', path, `the status list is ${ageMs} ms old; at most ${policy.maxAgeMs} are allowed`);
    }
    return { list: place.list, index: place.index, version: known.version, ageMs };
  }
}

const limit = z.number().min(0).optional();
const optionsSchema = z.strictObject({
  predicates: z.custom<PredicateSchemas>((given) => given instanceof Map, 'a Map').optional(),
  maxCheckpoints: limit,
  maxTiles: limit,
  maxPayloadCharacters: limit,
});

/** An expectation that nobody looks at would be taken for one that is met. */
function checkedCircumstances(circumstances: Circumstances): Circumstances {
  if (!isObject(circumstances)) throw optionsInvalid('The circumstances are no object. Give at least a time.');
  const { status, expect } = circumstances;
  if (status !== undefined && !(status instanceof StatusSnapshot)) {
    throw optionsInvalid('The status is no StatusSnapshot. Put the lists that were read into one.');
  }
  if (expect !== undefined) checkExpectation(expect);
  return circumstances;
}

function checkExpectation(expect: Expectation): void {
  const unknown = isObject(expect) ? unknownMember(expect, ['predicateType', 'subject', 'root']) : '';
  const { subject } = Object(expect) as Expectation;
  const inSubject =
    subject === undefined ? undefined : isObject(subject) ? unknownMember(subject, ['name', 'digest']) : '';
  const digest = subject?.digest;
  if (unknown === undefined && inSubject === undefined && (digest === undefined || isObject(digest))) return;
  throw optionsInvalid(
    'What is expected is not { predicateType, subject: { name, digest }, root }, all at will and nothing else. Correct it.',
  );
}

function unknownMember(value: object, known: readonly string[]): string | undefined {
  for (const name in value) if (!known.includes(name)) return name;
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function optionsInvalid(message: string): TenstripError<AttestationErrorCode> {
  return new TenstripError('OptionsInvalid', message);
}

// Frozen, as all that is shared between verdicts: who changes one changes no other.
const noLinks: readonly ReadLink[] = Object.freeze([]);
const nobody: readonly string[] = Object.freeze([]);

/** Statements that change what others mean: a delegate may make them only where its delegation names their type. */
const reservedTypes: readonly string[] = [statusListType, keyRotationType];

function scopeProblem(
  { statement }: ReadStatement,
  { scope }: Authorised,
  isDelegated: boolean,
  path: string,
): Refusal | undefined {
  const { predicateType } = statement;
  const isReserved = reservedTypes.includes(predicateType);
  if (isReserved && !isDelegated) return undefined; // a root speaks of its own status and keys, which count for it alone
  const excess = excessOf(statement, scope);
  if (excess !== undefined)
    return refuse('SCOPE_EXCEEDED', path, `${excess} lies outside the scope of whoever vouches`);
  return isReserved && !scope.predicateTypes.includes(predicateType)
    ? refuse('SCOPE_EXCEEDED', path, `predicate type ${predicateType} is delegated by its whole name only`)
    : undefined;
}

function timeProblem(
  read: ReadStatement,
  scope: Scope,
  time: number,
  skewMs: number,
  path: string,
): Refusal | undefined {
  // Written so that a time that is no number is refused.
  if (!(time < read.notAfter))
    return refuse('EXPIRED', path, `it was valid until ${read.statement.tenstrip_terms?.notAfter}`);
  if (!(time >= read.notBefore - skewMs)) {
    return refuse('NOT_YET_VALID', path, `it is valid from ${read.statement.tenstrip_terms?.notBefore} on`);
  }
  if (!(time < scope.notAfter) || !(time >= scope.notBefore - skewMs)) {
    return refuse('ROOT_EXPIRED', path, 'whoever vouches for it may not speak at this time');
  }
  return undefined;
}

function expectationProblem(
  { statement }: ReadStatement,
  root: ReadRoot,
  expect: Expectation,
  path: string,
): Refusal | undefined {
  if (expect.root !== undefined && expect.root !== root.name) {
    return refuse('UNKNOWN_KEY', path, `it is believed under the root ${root.name}, which is not the one expected`);
  }
  if (expect.predicateType !== undefined && expect.predicateType !== statement.predicateType) {
    return refuse('PREDICATE_TYPE_MISMATCH', path, `expected ${expect.predicateType}`);
  }
  const { subject } = expect;
  if (subject === undefined) return undefined;
  const digests = Object.entries(subject.digest ?? {});
  const found = statement.subject.some(
    ({ name, digest }) =>
      (subject.name === undefined || subject.name === name) &&
      digests.every(([algorithm, value]) => Object.hasOwn(digest, algorithm) && digest[algorithm] === value),
  );
  return found ? undefined : refuse('SUBJECT_MISMATCH', path, 'no subject has the expected name and digests');
}

function accept(
  statement: Acceptance['statement'],
  { name }: ReadRoot,
  { keyId, by, proven }: Vouched,
  delegatedBy: readonly string[],
  status: StatusEvidence | undefined,
  time: number,
): Acceptance {
  // Written out: copying an object with three dots costs as much as hashing a node.
  if (proven === undefined) {
    return status === undefined
      ? { ok: true, statement, root: name, keyId, delegatedBy, by, witnessed: nobody, checkedAt: time }
      : { ok: true, statement, root: name, keyId, delegatedBy, by, witnessed: nobody, status, checkedAt: time };
  }
  const { size: checkpointSize, witnessed } = proven.signer;
  const logIndex = BigInt(proven.index);
  return status === undefined
    ? { ok: true, statement, root: name, keyId, delegatedBy, by, logIndex, checkpointSize, witnessed, checkedAt: time }
    : {
        ok: true,
        statement,
        root: name,
        keyId,
        delegatedBy,
        by,
        logIndex,
        checkpointSize,
        witnessed,
        status,
        checkedAt: time,
      };
}
