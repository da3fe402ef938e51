// Verifying attestations: with the ledger's folder, its report, and one public key. Every line of the file must be believed; every
// decision in the ledger must be what was attested of it, and the other way round; the log of the attestations must be whole, and
// hold nothing else; the newest report and the ledger must be those of the run that attested them.

import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type Attestation,
  AttestationVerifier,
  type InTotoStatement,
  parseAttestation,
} from '@tenstrip/attestation-authority';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core';
import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { LogReader } from '@tenstrip/shared-core/durable-log';
import { checkCheckpoint, parseVerifierKey } from '@tenstrip/shared-core/transparency';
import { attestationFile, attestationFolder, pendingRunFile } from './attest';
import {
  blockDecisionType,
  type DecisionStatement,
  decisionStatement,
  entryIndexOf,
  loggedDigest,
  runType,
  sha256Hex,
  statementDigest,
  statementText,
} from './decision-statement';

/** What is wrong: with which entry of the ledger, or `undefined` when with none of them. */
export interface AttestationProblem {
  readonly entry: bigint | undefined;
  readonly code: string;
  readonly message: string;
}

/** What was found of a ledger's attestations. */
export interface AttestationReport {
  readonly verifierKey: string;
  /** Decisions, extensions and revocations of the ledger that are attested as they stand there. */
  readonly attested: number;
  /** Those that came after the last run that ended: a run that is killed attests them when it goes on. */
  readonly notYet: number;
  /** The page of the newest run, whether it is the one that was attested; `missing` when it is not beside the ledger. */
  readonly report: { readonly path: string; readonly state: 'attested' | 'changed' | 'missing' } | undefined;
  /** What the newest run said of the ledger: under one trusted key of attestations there is no need of a second one. */
  readonly ledger: { readonly verifierKey: string; readonly checkpoint: string } | undefined;
  readonly problems: readonly AttestationProblem[];
}

interface AttestedRunPredicate {
  readonly ledger: { readonly verifierKey: string; readonly checkpoint: string };
}

const maxProblems = 1000;

/**
 * Checks the attestations in a ledger's folder. Without `key` the published one is taken, which whoever can write there may replace.
 * `undefined` when there are none, and the ledger holds no decision either.
 * @throws TenstripError `OptionsInvalid` when `key` is none
 */
export async function verifyAttestations(ledger: string, key?: string): Promise<AttestationReport | undefined> {
  const published = await readFile(join(attestationFolder(ledger), 'verifier.key'), 'utf8').catch(() => undefined);
  const verifierKey = key ?? published?.trim();
  const check = new AttestationCheck(verifierKey ?? '');
  // A run may be under way: what its log holds now is in the ledger and in the files that are read after it.
  await check.readLogSize(ledger);
  const decisions = await check.readLedger(ledger);
  if (verifierKey === undefined) {
    if (decisions === 0) return undefined;
    check.report(undefined, 'AttestationsMissing', 'The ledger has decisions, and nothing in its folder attests them.');
    return check.result();
  }
  await check.readPendingRun(ledger);
  await check.readAttestations(ledger);
  check.compareDecisions();
  await check.compareReport(ledger);
  await check.auditLog(ledger);
  return check.result();
}

/** What a ledger says of a decision, and whether that was attested. */
interface ExpectedDecision {
  readonly statement: DecisionStatement;
  isAttested: boolean;
}

/** One pass over everything, gathering what is wrong. */
class AttestationCheck {
  readonly #verifierKey: string;
  readonly #problems: AttestationProblem[] = [];
  /** Of the ledger, by entry. */
  readonly #expected = new Map<bigint, ExpectedDecision>();
  /** Digests that entries of the attestations' log may have. */
  readonly #digests = new Set<string>();
  /** The run with the greatest index in the log of attestations: the order of the lines is anybody's. */
  #newest: { readonly run: InTotoStatement<AttestedRunPredicate>; readonly index: bigint } | undefined;
  #origin = '';
  #logSize: bigint | undefined;
  #report: AttestationReport['report'];

  constructor(verifierKey: string) {
    this.#verifierKey = verifierKey;
  }

  report(entry: bigint | undefined, code: string, message: string): void {
    if (this.#problems.length < maxProblems) this.#problems.push({ entry, code, message });
  }

  /** Reads what the ledger decides; what cannot be read of it is the ledger's own verification to tell. @returns how much that is */
  async readLedger(ledger: string): Promise<number> {
    try {
      await using log = await LogReader.open(join(ledger, 'log'));
      [this.#origin = ''] = log.checkpoint.split('\n');
      for (let index = log.minimumIndex; index < log.size; index++) {
        const stored = await log.entry(index).catch(() => undefined);
        const statement = stored && statementOrNothing(this.#origin, index, stored);
        if (statement !== undefined) this.#expected.set(index, { statement, isAttested: false });
      }
    } catch (error) {
      if (!isTenstripError(error)) throw error;
    }
    return this.#expected.size;
  }

  /** How far the log of attestations is to be accounted for. */
  async readLogSize(ledger: string): Promise<void> {
    try {
      await using log = await LogReader.open(join(attestationFolder(ledger), 'authority', 'log'));
      this.#logSize = log.size;
    } catch (error) {
      if (!isTenstripError(error)) throw error; // the audit of the log tells
    }
  }

  /** Every line, believed or told of. */
  async readAttestations(ledger: string): Promise<void> {
    const trust = { roots: [{ name: 'watchtower', keys: [{ vkey: this.#verifierKey }] }] };
    const verifier = keyErrors(() => new AttestationVerifier({ ...trust, status: { missing: 'accept' } }));
    const text = await readFile(attestationFile(ledger), 'utf8').catch(() => '');
    const lines = text.split('\n');
    lines.pop(); // behind the last newline: nothing, or what a kill left of a line
    for (const [at, line] of lines.entries()) {
      const where = `line ${at + 1} of attestations.jsonl`;
      const attestation = parseAttestation(line);
      if ('code' in attestation) {
        this.report(undefined, attestation.code, `${where}: ${attestation.detail}`);
        continue;
      }
      const verdict = verifier.verify(attestation, { time: Date.now() });
      const entry = verdict.ok ? undefined : claimedEntry(this.#origin, attestation);
      if (!verdict.ok) this.report(entry, verdict.code, `${where} is not believed: ${verdict.detail}`);
      else if (verdict.logIndex === undefined) {
        this.report(undefined, 'PROOF_MISSING', `${where} has no proof that it was logged`);
      } else this.#accept(verdict.statement, verdict.logIndex, attestation, where);
    }
  }

  /** A run that was logged, and then a kill came before its line. */
  async readPendingRun(ledger: string): Promise<void> {
    const text = await readFile(pendingRunFile(ledger), 'utf8').catch(() => undefined);
    if (text === undefined) return;
    try {
      await using log = await LogReader.open(join(attestationFolder(ledger), 'authority', 'log'));
      const digest = statementDigest(text);
      if (log.size === 0n || loggedDigest((await log.entry(log.size - 1n)).entry) !== digest) return;
      const statement: InTotoStatement = JSON.parse(text); // what was logged was a statement
      if (statement.predicateType !== runType) return;
      this.#digests.add(digest);
      this.#learnRun(statement, log.size - 1n);
    } catch (error) {
      if (!isTenstripError(error) && !(error instanceof SyntaxError)) throw error; // the audit of the log tells
    }
  }

  #learnRun(statement: InTotoStatement, index: bigint): void {
    if (this.#newest !== undefined && this.#newest.index > index) return;
    this.#newest = { run: statement as InTotoStatement<AttestedRunPredicate>, index };
  }

  #accept(statement: InTotoStatement, logIndex: bigint, attestation: Attestation, where: string): void {
    this.#digests.add(statementDigest(Buffer.from(attestation.envelope.payload, 'base64')));
    if (statement.predicateType === runType) {
      this.#learnRun(statement, logIndex);
      return;
    }
    const name = statement.subject[0]!.name;
    const index = entryIndexOf(this.#origin, name);
    const expected = index === undefined ? undefined : this.#expected.get(index);
    if (statement.predicateType !== blockDecisionType || expected === undefined) {
      this.report(index, 'DecisionUnknown', `${where} attests ${name}, which is no decision in the ledger`);
    } else if (!isSame(statement, expected.statement)) {
      this.report(index, 'DecisionChanged', `${where} attests another decision than the ledger holds`);
    } else expected.isAttested = true;
  }

  /** A decision without attestation is told of when a run attested its end after it. */
  compareDecisions(): void {
    const size = this.#attestedSize;
    for (const [index, { isAttested, statement }] of this.#expected) {
      if (isAttested || index >= size || statement.erased) continue;
      this.report(index, 'AttestationMissing', 'nothing attests this decision, though a later run was attested');
    }
  }

  /** The page of the newest run. */
  async compareReport(ledger: string): Promise<void> {
    const [subject] = this.#newest?.run.subject ?? [];
    if (subject === undefined) return;
    const path = resolve(ledger, subject.name);
    const page = await readFile(path).catch(() => undefined);
    const state = page === undefined ? 'missing' : sha256Hex(page) === subject.digest.sha256 ? 'attested' : 'changed';
    this.#report = { path, state };
    if (state !== 'changed') return;
    this.report(undefined, 'ReportChanged', `the report ${path} is not the one that the run attested`);
  }

  /** The log of attestations: whole, signed by the key, and without entries that nothing accounts for. */
  async auditLog(ledger: string): Promise<void> {
    for (const { statement } of this.#expected.values()) this.#digests.add(statementDigest(statementText(statement)));
    try {
      await using log = await LogReader.open(join(attestationFolder(ledger), 'authority', 'log'));
      const key = keyErrors(() => parseVerifierKey(this.#verifierKey, sha256)!);
      const policy = { logs: [{ key }], witnesses: [], groups: [], quorum: 'none' } as const;
      const verdict = checkCheckpoint(log.checkpoint, policy, createVerifier().verify);
      if (!verdict.trusted) {
        this.report(undefined, verdict.reason, 'the checkpoint of the attestations is not signed by their key');
        return;
      }
      for await (const { index, problem } of log.verify()) {
        this.report(undefined, problem.code, `entry ${index} of the attestations' log: ${problem.message}`);
      }
      const unaccounted: bigint[] = [];
      const size = this.#logSize ?? log.size;
      for (let index = 0n; index < log.size && index < size; index++) {
        const stored = await log.entry(index).catch(() => undefined);
        if (stored === undefined) continue; // told of above
        const digest = loggedDigest(stored.entry);
        // What a kill cut off between the log and the file is made again from the ledger, or is the pending run.
        if (digest === undefined || !this.#digests.has(digest)) unaccounted.push(index);
      }
      // Of what was erased since, the attestation may be gone too: it named the person.
      const expected = [...this.#expected.values()];
      const erased = expected.filter(({ statement, isAttested }) => statement.erased && !isAttested).length;
      for (const index of unaccounted.slice(erased)) {
        this.report(undefined, 'AttestationMissing', `entry ${index} of the attestations' log is nowhere in the file`);
      }
    } catch (error) {
      if (!isTenstripError(error)) throw error;
      this.report(undefined, error.code, `the log of the attestations cannot be read: ${error.message}`);
    }
  }

  result(): AttestationReport {
    const expected = [...this.#expected];
    const size = this.#attestedSize;
    return {
      verifierKey: this.#verifierKey,
      attested: expected.filter(([, { isAttested }]) => isAttested).length,
      notYet: expected.filter(([index, { isAttested }]) => !isAttested && index >= size).length,
      report: this.#report,
      ledger: this.#newest?.run.predicate.ledger,
      problems: this.#problems,
    };
  }

  /** How far the ledger went when the newest run attested its end. */
  get #attestedSize(): bigint {
    const size = this.#newest?.run.predicate.ledger.checkpoint.split('\n')[1];
    return size === undefined ? 0n : BigInt(size);
  }
}

function statementOrNothing(
  origin: string,
  index: bigint,
  stored: Parameters<typeof decisionStatement>[2],
): DecisionStatement | undefined {
  try {
    return decisionStatement(origin, index, stored);
  } catch {
    return undefined; // a damaged entry: the ledger's verification names it
  }
}

/** Whether a statement says of an entry what the ledger says. Of an erased target the ledger says nothing any more. */
function isSame(statement: InTotoStatement, { subject, predicate, erased }: DecisionStatement): boolean {
  const said = statement.predicate as Record<string, unknown>;
  const { target: _, reason: __, ...withoutTarget } = said;
  const subjects = erased ? statement.subject.slice(0, 1) : statement.subject;
  return (
    JSON.stringify(subjects) === JSON.stringify(subject) &&
    JSON.stringify(erased ? withoutTarget : said) === JSON.stringify(predicate)
  );
}

/** Which entry an attestation says that it is about, to be named where it is not believed. */
function claimedEntry(origin: string, { envelope }: Attestation): bigint | undefined {
  try {
    const { subject } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
    return entryIndexOf(origin, String(subject[0].name));
  } catch {
    return undefined;
  }
}

function keyErrors<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (cause) {
    throw new TenstripError('OptionsInvalid', 'The key of the attestations is no verifier key: name+id+base64.', {
      cause,
    });
  }
}
