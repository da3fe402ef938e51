// Attesting: each block decision of a ledger, its extension and its revocation becomes an in-toto statement in a transparency log of
// its own, and at its end a run attests its report and the ledger's checkpoint. The ledger is read like anybody reads it, from its
// folder; the two engines meet nowhere else. Everything is in `attestations` in the ledger's folder:
//   authority/       the log of the attestations
//   signing.key      its private key
//   verifier.key     its public key: all that is needed to verify, besides the ledger's folder and the report
//   attestations.jsonl  the attestations, one a line
//   run.pending      the statement of a run that is being attested: what a kill may leave logged, and not in the file

import { open, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import {
  type Attestation,
  AttestationAuthority,
  type AttestationRequest,
  statementPayloadType,
} from '@tenstrip/attestation-authority';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { LogReader } from '@tenstrip/shared-core/durable-log';
import { makeFolder, writeWholeFile } from '@tenstrip/shared-core/files';
import {
  decisionStatement,
  entryIndexOf,
  loggedDigest,
  runType,
  sha256Hex,
  statementDigest,
  statementText,
} from './decision-statement';

/** The name of the log of attestations, and of its key. */
export const attestationOrigin = 'tenstrip/watchtower/attestations';
const batchSize = 1024;
const yearMs = 365 * 86_400_000;
const soonMs = 1000;

/** Where the attestations of a ledger are. */
export function attestationFolder(ledger: string): string {
  return join(ledger, 'attestations');
}

/** The file with the attestations themselves. */
export function attestationFile(ledger: string): string {
  return join(attestationFolder(ledger), 'attestations.jsonl');
}

/** The file with the statement of a run that is being attested. */
export function pendingRunFile(ledger: string): string {
  return join(attestationFolder(ledger), 'run.pending');
}

/** What was attested. */
export interface AttestedRun {
  readonly folder: string;
  readonly verifierKey: string;
  /** Decisions, extensions and revocations that have an attestation. */
  readonly decisions: number;
}

/** A checked ledger and its page, at the end of a run. */
export interface RunToAttest {
  readonly report: string;
  readonly verification: { readonly checkpoint: string; readonly verifierKey: string };
}

/** Attests what a ledger decides. One process at a time, as with the ledger. */
export class DecisionAttestor implements AsyncDisposable {
  readonly #ledger: string;
  readonly #authority: AttestationAuthority;
  /** The next entry of the ledger to look at. */
  #next: bigint;
  #decisions: number;
  #working: Promise<void> = Promise.resolve();
  #lastStart = Number.NEGATIVE_INFINITY;

  private constructor(ledger: string, authority: AttestationAuthority, next: bigint, decisions: number) {
    this.#ledger = ledger;
    this.#authority = authority;
    this.#next = next;
    this.#decisions = decisions;
  }

  /** Opens the attestations of a ledger's folder, or makes them. What a kill left half written is cut. */
  static async open(ledger: string): Promise<DecisionAttestor> {
    const folder = attestationFolder(ledger);
    await makeFolder(folder);
    const { last, decisions } = await readAttested(attestationFile(ledger));
    const authority = await AttestationAuthority.open({
      folder: join(folder, 'authority'),
      origin: attestationOrigin,
      signer: createSigner(await signingSeed(join(folder, 'signing.key'))),
    });
    try {
      await writeWholeFile(join(folder, 'verifier.key'), `${authority.vkey}\n`, { replace: true });
      await keepPendingRun(ledger, authority);
    } catch (error) {
      await authority.close();
      throw error;
    }
    return new DecisionAttestor(ledger, authority, last === undefined ? 0n : last + 1n, decisions);
  }

  /** Attests soon what the ledger has published; for a run without end, called as often as one likes. */
  soon(): void {
    const now = performance.now();
    if (now - this.#lastStart < soonMs) return;
    this.#lastStart = now;
    this.#working = this.#working.then(() => this.#attestDecisions());
    this.#working.catch(() => {}); // `run` reports it
  }

  /** Attests what is left, and the run: its report, and the ledger that it describes. */
  async run({ report, verification }: RunToAttest): Promise<AttestedRun> {
    await this.#working;
    await this.#attestDecisions();
    const { checkpoint, verifierKey } = verification;
    const [origin, size] = checkpoint.split('\n');
    const request = {
      subject: [
        { name: portablePath(this.#ledger, report), digest: { sha256: sha256Hex(await readFile(report)) } },
        { name: `${origin}@${size}`, digest: { sha256: sha256Hex(checkpoint) } },
      ],
      predicateType: runType,
      predicate: { ledger: { verifierKey, checkpoint }, decisions: this.#decisions },
      validity: { notAfter: new Date(Date.now() + 50 * yearMs) },
    };
    const pending = pendingRunFile(this.#ledger);
    await writeWholeFile(pending, statementText(request), { replace: true });
    await this.#issue([request]);
    await rm(pending);
    const folder = attestationFolder(this.#ledger);
    return { folder, verifierKey: this.#authority.vkey, decisions: this.#decisions };
  }

  /** Waits for what is under way, and closes the log. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#working.catch(() => {});
    await this.#authority.close();
  }

  async #attestDecisions(): Promise<void> {
    const reader = await openLedgerLog(this.#ledger);
    if (reader === undefined) return;
    await using log = reader;
    const [origin = ''] = log.checkpoint.split('\n');
    let requests: AttestationRequest[] = [];
    if (this.#next < log.minimumIndex) this.#next = log.minimumIndex;
    if (this.#next >= log.size) return;
    let index = this.#next;
    for await (const entry of log.entries(index, log.size)) {
      const statement = decisionStatement(origin, index, entry);
      index++;
      if (statement === undefined) continue;
      const { erased: _, ...request } = statement;
      requests.push(request);
      if (requests.length < batchSize) continue;
      await this.#issueDecisions(requests, index);
      requests = [];
    }
    await this.#issueDecisions(requests, index);
  }

  async #issueDecisions(requests: readonly AttestationRequest[], next: bigint): Promise<void> {
    if (requests.length > 0) await this.#issue(requests);
    this.#decisions += requests.length;
    this.#next = next;
  }

  /** The same entry gives the same statement, so that one which a kill let be logged and not kept is logged once more. */
  async #issue(requests: readonly AttestationRequest[]): Promise<void> {
    const issued = await this.#authority.issueBatch(requests.map((request) => ({ ...request, revocable: false })));
    await appendLines(this.#ledger, issued);
  }
}

/** The published log of a ledger, or `undefined` when nothing was published yet. */
async function openLedgerLog(ledger: string): Promise<LogReader | undefined> {
  try {
    return await LogReader.open(join(ledger, 'log'));
  } catch (error) {
    if (isTenstripError(error, 'LogUnavailable')) return undefined;
    throw error;
  }
}

/** What a kill let be logged of a run and not kept comes into the file: a decision could be made again from the ledger, a run not. */
async function keepPendingRun(ledger: string, authority: AttestationAuthority): Promise<void> {
  const path = pendingRunFile(ledger);
  const statement = await readFile(path).catch(() => undefined);
  if (statement === undefined) return;
  const payload = statement.toString('base64');
  const kept = await readFile(attestationFile(ledger), 'utf8').catch(() => '');
  const index = authority.size - 1n;
  if (!kept.includes(payload) && (await isLogged(ledger, index, statementDigest(statement)))) {
    const envelope = { payload, payloadType: statementPayloadType, signatures: [] };
    await appendLines(ledger, [{ envelope, proof: await authority.proveInclusion(index) }]);
  }
  await rm(path);
}

/** Whether an entry of the attestations' log is of a statement with this digest. */
async function isLogged(ledger: string, index: bigint, digest: string): Promise<boolean> {
  if (index < 0n) return false;
  await using log = await LogReader.open(join(attestationFolder(ledger), 'authority', 'log'));
  return loggedDigest((await log.entry(index)).entry) === digest;
}

async function appendLines(ledger: string, attestations: readonly Attestation[]): Promise<void> {
  await using file = await open(attestationFile(ledger), 'a');
  await file.writeFile(attestations.map((attestation) => `${JSON.stringify(attestation)}\n`).join(''));
  await file.datasync();
}

/** Which entry was attested last, and how many were. An unfinished last line is cut off. */
async function readAttested(path: string): Promise<{ last: bigint | undefined; decisions: number }> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) {
    await using file = await open(path, 'r+');
    await file.truncate(Buffer.byteLength(text.slice(0, end)));
  }
  let last: bigint | undefined;
  let decisions = 0;
  for (const line of text.slice(0, end).split('\n')) {
    const index = line === '' ? undefined : attestedEntry(line, path);
    if (index === undefined) continue;
    decisions++;
    if (last === undefined || index > last) last = index;
  }
  return { last, decisions };
}

function attestedEntry(line: string, path: string): bigint | undefined {
  try {
    const { envelope } = JSON.parse(line) as Attestation;
    const { subject } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
    const name = String(subject[0].name);
    return entryIndexOf(name.slice(0, name.lastIndexOf('#')), name);
  } catch (cause) {
    throw new TenstripError('AttestationsDamaged', `${path} has a line that is no attestation. Verify the ledger.`, {
      cause,
    });
  }
}

/** The private key of the attestations: 32 bytes in hex, for the owner alone. */
async function signingSeed(path: string): Promise<Uint8Array> {
  try {
    const fresh = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
    await writeWholeFile(path, `${fresh}\n`, { mode: 0o600 });
  } catch (error) {
    if (!isTenstripError(error, 'FileExists')) throw error;
  }
  const seed = Buffer.from((await readFile(path, 'utf8')).trim(), 'hex');
  if (seed.length === 32) return seed;
  throw new TenstripError('SigningKeyInvalid', `${path} is no key of 32 bytes in hex. Restore it from a copy.`);
}

/** The path of a report as seen from the ledger's folder, so that both can be moved together. */
function portablePath(ledger: string, report: string): string {
  return join(relative(ledger, dirname(report)), report.slice(dirname(report).length + 1))
    .split(sep)
    .join('/');
}
