// Appraises a quote: what a TPM signed about the state of its device, held against a policy (RFC 9334, the verifier's role). A pure,
// synchronous function of evidence, policy and circumstances. Cost: the AK's signature, and some 5 us for 9 PCRs.
import { hash } from 'node:crypto';
import { equalBytes } from '@tenstrip/shared-core/crypto';
import { isRefusal, type Refusal, refuse } from '../../errors/index.js';
import type { CompiledPolicy } from '../appraisal-policy.js';
import { algorithmText, digestBytes, type HashName, hashNames, hashOf } from './algorithms.js';
import { parseQuote, type Quote, type TpmCounters } from './attest-structures.js';
import { type EventLog, parseEventLog, replayEventLog } from './event-log.js';
import type { AttestationKey } from './public-area.js';
import { isSignedBy, parseQuoteSignature } from './signature-structures.js';

/** What a device sends. */
export interface QuoteEvidence {
  /** TPMS_ATTEST, as the TPM signed it. */
  readonly quoted: Uint8Array;
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array;
  /** The values of exactly the PCRs that are quoted: lower-case hex by `bank:index`. */
  readonly pcrs: Readonly<Record<string, string>>;
  /** The binary event log of the TCG's firmware profile; Linux has it in `binary_bios_measurements`. */
  readonly eventLog?: Uint8Array;
}

/** What a quote is held against, besides the policy. */
export interface QuoteCircumstances {
  /** The key that was enrolled for the device; never one that came with the evidence. */
  readonly key: AttestationKey;
  /** The nonce that the device was challenged with, of 16 octets at least. */
  readonly nonce: Uint8Array;
  /** When that was, in milliseconds since 1970. */
  readonly challengedAt: number;
  /** Now, in milliseconds since 1970. */
  readonly time: number;
  /** The counters of the last quote of this key that was accepted. */
  readonly previous?: TpmCounters;
}

/** What {@link appraiseQuote} found. */
export type QuoteAppraisal = QuoteAcceptance | Refusal;

/** A quote that satisfies a policy. */
export interface QuoteAcceptance {
  readonly ok: true;
  /** The policy's name, and the SHA-256 of its canonical JSON. */
  readonly policy: string;
  readonly policyDigest: string;
  /** SHA-256 of the AK's SubjectPublicKeyInfo. */
  readonly keyFingerprint: string;
  /** The AK's name, where its public area was read. */
  readonly keyName: Uint8Array | undefined;
  readonly nonce: Uint8Array;
  readonly pcrs: Readonly<Record<string, string>>;
  /** Give them as `previous` next time. */
  readonly counters: TpmCounters;
  /** Whether the clock is sure not to have been reported higher before. */
  readonly safe: boolean;
  /** Since the previous quote; `unknown` without one. */
  readonly reboot: 'unknown' | 'none' | 'restart' | 'reset';
  /** The event log that explains the PCRs, where there was one; without the digests that no quoted PCR vouches for. */
  readonly eventLog: EventLog | undefined;
  readonly challengedAt: number;
  readonly appraisedAt: number;
}

const minimumNonceBytes = 16;

/**
 * Appraises a quote. Never throws for bad evidence, whatever it is. The steps, in order, with the codes of their refusals: shape
 * (`EVIDENCE_MALFORMED`), structures (`QUOTE_MAGIC_INVALID`, `QUOTE_TYPE_INVALID`, `QUOTE_MALFORMED`, `SIGNATURE_MALFORMED`), signature
 * (`ALGORITHM_REFUSED`, `SIGNATURE_INVALID`), nonce (`NONCE_MISMATCH`), freshness (`QUOTE_STALE`), banks (`PCR_BANK_REFUSED`,
 * `PCR_SELECTION_INVALID`), composite (`PCR_VALUES_MALFORMED`, `PCR_DIGEST_MISMATCH`), coverage (`PCR_SELECTION_INSUFFICIENT`), reference values
 * (`PCR_MISMATCH`), counters (`COUNTERS_WENT_BACK`, `REBOOTED`, `CLOCK_UNSAFE`), firmware (`FIRMWARE_REFUSED`, `FIRMWARE_CHANGED`), event log
 * (`EVENT_LOG_MISSING`, `EVENT_LOG_MALFORMED`, `EVENT_LOG_MISMATCH`, `EVENT_REFUSED`, `EVENT_MISSING`).
 */
export function appraiseQuote(
  evidence: QuoteEvidence,
  policy: CompiledPolicy,
  circumstances: QuoteCircumstances,
): QuoteAppraisal {
  if (!hasShape(evidence)) {
    return refuse('EVIDENCE_MALFORMED', 'evidence', 'quoted, signature and eventLog are octets, pcrs an object');
  }
  const quote = parseQuote(evidence.quoted);
  if (isRefusal(quote)) return quote;
  const signatureHash = signatureHashOf(evidence, policy, circumstances.key);
  if (isRefusal(signatureHash)) return signatureHash;
  const problem =
    nonceProblem(quote, circumstances) ??
    freshnessProblem(policy, circumstances) ??
    bankProblem(quote, policy) ??
    compositeProblem(quote, evidence.pcrs, signatureHash) ??
    referenceProblem(evidence.pcrs, policy) ??
    counterProblem(quote, policy, circumstances.previous) ??
    firmwareProblem(quote, policy, circumstances.previous);
  if (problem !== undefined) return problem;
  const eventLog = explanation(evidence, policy);
  if (isRefusal(eventLog)) return eventLog;
  return accept(quote, evidence, policy, circumstances, eventLog);
}

function hasShape(evidence: unknown): evidence is QuoteEvidence {
  if (typeof evidence !== 'object' || evidence === null) return false;
  const { quoted, signature, pcrs, eventLog } = evidence as Record<string, unknown>;
  const areOctets = quoted instanceof Uint8Array && signature instanceof Uint8Array;
  const isLogFit = eventLog === undefined || eventLog instanceof Uint8Array;
  return areOctets && isLogFit && typeof pcrs === 'object' && pcrs !== null && !Array.isArray(pcrs);
}

// --------------------------------------------------------------------------------------------------------- who and when

/** The hash of the signature, when it is one of the key over the quote. */
function signatureHashOf(
  { quoted, signature: bytes }: QuoteEvidence,
  policy: CompiledPolicy,
  key: AttestationKey,
): HashName | Refusal {
  const signature = parseQuoteSignature(bytes);
  if (isRefusal(signature)) return signature;
  const { scheme, hash: name } = signature;
  if (!policy.hashes.has(name)) return refuse('ALGORITHM_REFUSED', 'signature', `the policy refuses ${name}`);
  const fits = key.scheme === undefined || (key.scheme.scheme === scheme && key.scheme.hash === name);
  if (!fits || (scheme === 'ecdsa') !== (key.type === 'ecc')) {
    return refuse('ALGORITHM_REFUSED', 'signature', `the key does not sign by ${scheme} with ${name}`);
  }
  if (isSignedBy(key, signature, quoted)) return name;
  return refuse('SIGNATURE_INVALID', 'signature', `it is not a signature by the key ${key.fingerprint}`);
}

function nonceProblem({ extraData }: Quote, { nonce }: QuoteCircumstances): Refusal | undefined {
  if (nonce.length < minimumNonceBytes) {
    return refuse('NONCE_MISMATCH', 'nonce', `the challenge has ${nonce.length} octets; 16 at least make it fresh`);
  }
  if (equalBytes(extraData, nonce)) return undefined;
  return refuse('NONCE_MISMATCH', 'quoted.extraData', 'it answers another challenge');
}

function freshnessProblem(policy: CompiledPolicy, { challengedAt, time }: QuoteCircumstances): Refusal | undefined {
  const age = time - challengedAt;
  // Written so that a time that is no number is refused.
  if (age >= 0 && age <= policy.maxAgeMs) return undefined;
  return refuse('QUOTE_STALE', 'quoted', `its challenge is ${age} ms old; 0 to ${policy.maxAgeMs} ms are fresh`);
}

// ----------------------------------------------------------------------------------------------------------------- PCRs

function bankProblem({ selections }: Quote, { hashes }: CompiledPolicy): Refusal | undefined {
  const seen = new Set<number>();
  for (const [at, { algorithm, indices }] of selections.entries()) {
    const path = `quoted.pcrSelect[${at}]`;
    if (seen.has(algorithm)) {
      return refuse('PCR_SELECTION_INVALID', path, `it selects the bank ${algorithmText(algorithm)} twice`);
    }
    seen.add(algorithm);
    const bank = hashOf(algorithm);
    if (indices.length > 0 && (bank === undefined || !hashes.has(bank))) {
      return refuse('PCR_BANK_REFUSED', path, `the policy refuses the bank ${algorithmText(algorithm)}`);
    }
  }
  return undefined;
}

/** `bank:index` of every PCR that can be selected: names that exist already are looked up faster than names that are made. */
const pcrIds: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  hashNames.map((bank) => [bank, Array.from({ length: 32 }, (_, index) => `${bank}:${index}`)]),
);

/** The digest in a quote is of the selected values: banks in the order of the selection, indices ascending (Part 3, section 18.4). */
function compositeProblem(
  { selections, pcrDigest }: Quote,
  pcrs: Readonly<Record<string, string>>,
  signatureHash: HashName,
): Refusal | undefined {
  let values = '';
  let count = 0;
  for (const { algorithm, indices } of selections) {
    const bank = hashOf(algorithm);
    if (bank === undefined) continue; // nothing of it is selected
    for (const index of indices) {
      const id = pcrIds[bank]![index]!;
      const value = Object.hasOwn(pcrs, id) ? pcrs[id] : undefined;
      if (typeof value !== 'string' || value.length !== digestBytes[bank] * 2 || !/^[0-9a-f]+$/.test(value)) {
        return refuse(
          'PCR_VALUES_MALFORMED',
          `pcrs.${id}`,
          `the value is not ${digestBytes[bank]} octets in lower-case hex`,
        );
      }
      values += value;
      count++;
    }
  }
  if (Object.keys(pcrs).length !== count) {
    return refuse('PCR_VALUES_MALFORMED', 'pcrs', `it has ${Object.keys(pcrs).length} values; ${count} are quoted`);
  }
  if (hash(signatureHash, Buffer.from(values, 'hex')) === hexOf(pcrDigest)) return undefined;
  return refuse('PCR_DIGEST_MISMATCH', 'pcrs', 'the values are not those whose digest is quoted');
}

/** Coverage first: values of other PCRs say nothing. */
function referenceProblem(pcrs: Readonly<Record<string, string>>, { references }: CompiledPolicy): Refusal | undefined {
  for (const id of references.keys()) {
    if (!Object.hasOwn(pcrs, id)) {
      return refuse('PCR_SELECTION_INSUFFICIENT', 'quoted.pcrSelect', `the policy asks for ${id}, which is not quoted`);
    }
  }
  for (const [id, values] of references) {
    if (values !== undefined && !values.has(pcrs[id]!)) {
      return refuse('PCR_MISMATCH', `pcrs.${id}`, `its value ${pcrs[id]} is no reference value`);
    }
  }
  return undefined;
}

// ------------------------------------------------------------------------------------------------- counters and firmware

/** How far a counter of 32 bits went, wherever it began: a TPM may add a constant of the key to it. */
function advance(from: number, to: number): number {
  return (to - from) | 0;
}

function counterProblem(quote: Quote, policy: CompiledPolicy, previous: TpmCounters | undefined): Refusal | undefined {
  if (policy.refusesUnsafeClock && !quote.safe) {
    return refuse('CLOCK_UNSAFE', 'quoted.clockInfo', 'its clock may have been reported higher before');
  }
  if (previous === undefined) return undefined;
  const resets = advance(previous.resetCount, quote.resetCount);
  const restarts = advance(previous.restartCount, quote.restartCount);
  const wentBack = resets < 0 || (resets === 0 && restarts < 0);
  const isOlder = quote.clockMs < previous.clockMs && (quote.safe || (resets === 0 && restarts === 0));
  if (wentBack || isOlder) {
    const found = `${quote.resetCount} resets, ${quote.restartCount} restarts, ${quote.clockMs} ms`;
    return refuse('COUNTERS_WENT_BACK', 'quoted.clockInfo', `${found} are less than in the previous quote`);
  }
  if (policy.refusesReboot && (resets > 0 || restarts !== 0)) {
    return refuse('REBOOTED', 'quoted.clockInfo', `${resets} resets came since the previous quote, or else a restart`);
  }
  return undefined;
}

function rebootSince(quote: Quote, previous: TpmCounters | undefined): QuoteAcceptance['reboot'] {
  if (previous === undefined) return 'unknown';
  if (quote.resetCount !== previous.resetCount) return 'reset';
  return quote.restartCount === previous.restartCount ? 'none' : 'restart';
}

/** A firmware version as policies and statements have it: 16 hex digits. */
export function firmwareText(version: bigint): string {
  return version.toString(16).padStart(16, '0');
}

function firmwareProblem(
  { firmwareVersion }: Quote,
  policy: CompiledPolicy,
  previous: TpmCounters | undefined,
): Refusal | undefined {
  const version = firmwareText(firmwareVersion);
  if (policy.firmwareVersions !== undefined && !policy.firmwareVersions.has(version)) {
    return refuse('FIRMWARE_REFUSED', 'quoted.firmwareVersion', `the policy does not know the version ${version}`);
  }
  if (policy.refusesFirmwareChange && previous !== undefined && previous.firmwareVersion !== firmwareVersion) {
    const before = firmwareText(previous.firmwareVersion);
    return refuse(
      'FIRMWARE_CHANGED',
      'quoted.firmwareVersion',
      `it was ${before} in the previous quote and is ${version}`,
    );
  }
  return undefined;
}

// ------------------------------------------------------------------------------------------------------------ event log

/** The event log when it leads to the quoted values and satisfies the rules; `undefined` where there is none and none is asked for. */
function explanation({ eventLog: bytes, pcrs }: QuoteEvidence, policy: CompiledPolicy): EventLog | Refusal | undefined {
  const { events: rules } = policy;
  if (bytes === undefined) {
    if (rules === undefined) return undefined;
    return refuse('EVENT_LOG_MISSING', 'eventLog', 'the policy has rules for events');
  }
  const log = parseEventLog(bytes);
  if (isRefusal(log)) return log;
  return replayProblem(log, pcrs, policy) ?? eventProblem(log, policy) ?? vouchedFor(log, pcrs);
}

/** The log without the digests that no quoted PCR vouches for: those are anybody's claim. */
function vouchedFor({ banks, events, startupLocality }: EventLog, pcrs: Readonly<Record<string, string>>): EventLog {
  return {
    banks,
    startupLocality,
    events: events.map(({ digests, ...event }) => ({
      ...event,
      digests: new Map(
        event.type === 'EV_NO_ACTION' // extends nothing
          ? []
          : [...digests].filter(([bank]) => Object.hasOwn(pcrs, `${bank}:${event.pcr}`)),
      ),
    })),
  };
}

/** Every quoted PCR of which the log tells, and every one that a rule is about, has the value that the log leads to. */
function replayProblem(
  log: EventLog,
  pcrs: Readonly<Record<string, string>>,
  { events: rules }: CompiledPolicy,
): Refusal | undefined {
  const needed = new Set([...(rules?.allow.keys() ?? []), ...(rules?.require.map(({ pcr }) => pcr) ?? [])]);
  const replayed = replayEventLog(log, needed);
  for (const id of needed) {
    if (!replayed.has(id)) return refuse('EVENT_LOG_MISMATCH', 'eventLog', `it has no digests of the bank of ${id}`);
  }
  for (const [id, value] of replayed) {
    if (Object.hasOwn(pcrs, id) && pcrs[id] !== hexOf(value)) {
      return refuse('EVENT_LOG_MISMATCH', 'eventLog', `it leads to another value of ${id} than is quoted`);
    }
  }
  return undefined;
}

function eventProblem({ events }: EventLog, { events: rules }: CompiledPolicy): Refusal | undefined {
  if (rules === undefined) return undefined;
  const missing = new Set(rules.require);
  for (const [at, { pcr, type, digests }] of events.entries()) {
    if (type === 'EV_NO_ACTION') continue;
    for (const [bank, bytes] of digests) {
      const id = `${bank}:${pcr}`;
      const digest = hexOf(bytes);
      if (rules.allow.get(id)?.has(digest) === false) {
        return refuse(
          'EVENT_REFUSED',
          `eventLog.events[${at}]`,
          `the policy does not allow ${digest} (${type}) in ${id}`,
        );
      }
      for (const rule of missing) {
        if (rule.pcr === id && rule.type === type && rule.digests?.has(digest) !== false) missing.delete(rule);
      }
    }
  }
  const [rule] = missing;
  if (rule === undefined) return undefined;
  return refuse('EVENT_MISSING', 'eventLog', `the policy asks for an event ${rule.type} in ${rule.pcr}`);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function accept(
  quote: Quote,
  { pcrs }: QuoteEvidence,
  policy: CompiledPolicy,
  { key, nonce, challengedAt, time, previous }: QuoteCircumstances,
  eventLog: EventLog | undefined,
): QuoteAcceptance {
  const { clockMs, resetCount, restartCount, firmwareVersion, safe } = quote;
  return {
    ok: true,
    policy: policy.name,
    policyDigest: policy.digest,
    keyFingerprint: key.fingerprint,
    keyName: key.name,
    nonce,
    pcrs,
    counters: { clockMs, resetCount, restartCount, firmwareVersion },
    safe,
    reboot: rebootSince(quote, previous),
    eventLog,
    challengedAt,
    appraisedAt: time,
  };
}
