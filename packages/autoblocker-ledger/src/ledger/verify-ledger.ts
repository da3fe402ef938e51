// An independent pass over a whole ledger: bytes against the tree, the tree against the signature, each entry's inclusion
// by its own proof, each personal part against its commitment, and an older checkpoint against the present one.

import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { LogReader } from '@tenstrip/shared-core/durable-log';
import { isTenstripError, TenstripError } from '@tenstrip/shared-core/errors';
import {
  type Checkpoint,
  checkCheckpoint,
  leafHash,
  parseVerifierKey,
  verifyConsistency,
  verifyInclusion,
} from '@tenstrip/shared-core/transparency';
import type { LedgerErrorCode } from '../errors/index.js';
import { commitmentOf, decodeEntry } from './ledger-entry.js';
import { logFolder, readVerifierKey } from './ledger-folder.js';
import type { VerificationReport } from './verification.js';

/** What a log is verified against. */
export interface VerificationRequest {
  readonly reader: LogReader;
  /** The key that must have signed, as a C2SP vkey. */
  readonly verifierKey: string;
  /** An earlier checkpoint, kept elsewhere: the log must extend it. It shows a tail that was cut off. */
  readonly earlier?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Problem = VerificationReport['problems'][number];
const maxProblems = 1000;

/**
 * Verifies the ledger in a folder, without opening it for writing. What is wrong is in the report.
 * `verifierKey`: the key that must have signed it; default the one published in the folder, which an attacker who can
 * write there may replace. `checkpoint`: an earlier one, kept elsewhere.
 * @throws TenstripError `LedgerMissing`, `OptionsInvalid`
 */
export async function verifyLedger(
  folder: string,
  options: { readonly verifierKey?: string; readonly checkpoint?: string; readonly signal?: AbortSignal } = {},
): Promise<VerificationReport> {
  if (typeof folder !== 'string') {
    throw new TenstripError<LedgerErrorCode>('OptionsInvalid', 'The folder of a ledger is a path. Give it as a text.', {
      details: { issues: ['folder'] },
    });
  }
  const verifierKey = options.verifierKey ?? (await readVerifierKey(folder));
  try {
    await using reader = await LogReader.open(logFolder(folder));
    return await verifyLog({ reader, verifierKey, earlier: options.checkpoint, signal: options.signal });
  } catch (cause) {
    if (isTenstripError(cause, 'LogCorrupt', 'CheckpointFork')) return unreadable(verifierKey, cause);
    if (!isTenstripError(cause, 'LogUnavailable')) throw cause;
    throw new TenstripError<LedgerErrorCode>('LedgerMissing', `There is no ledger in ${folder}: ${cause.message}.`, {
      details: { folder },
      cause,
    });
  }
}

/** The report of a log whose own checkpoint cannot be read. */
function unreadable(verifierKey: string, { code, message }: TenstripError): VerificationReport {
  const problems = [{ index: 0n, code, message }];
  return { verified: false, size: 0n, root: '', checkpoint: '', verifierKey, entries: {}, erased: 0, problems };
}

/** Verifies a log. It finds what is wrong and does not throw for it. */
export async function verifyLog(request: VerificationRequest): Promise<VerificationReport> {
  const { reader, verifierKey } = request;
  const problems: Problem[] = [];
  const report = (problem: Problem) => {
    if (problems.length < maxProblems) problems.push(problem);
  };
  const { checkpoint } = reader;
  const head = trustedCheckpoint(checkpoint, verifierKey, report);
  for await (const { index, problem } of reader.verify(signalOf(request))) {
    report({ index, code: problem.code, message: problem.message });
  }
  const counts: Record<string, number> = {};
  let erased = 0;
  if (head !== undefined && problems.length === 0) {
    erased = await checkEntries(request, head, counts, report);
    if (request.earlier !== undefined) await checkEarlier(request, request.earlier, head, report);
  }
  return {
    verified: problems.length === 0,
    size: head?.size ?? 0n,
    root: head === undefined ? '' : Buffer.from(head.root).toString('hex'),
    checkpoint,
    verifierKey,
    entries: counts,
    erased,
    problems: problems.sort((a, b) => Number(a.index - b.index)),
  };
}

/** The checkpoint in a signed note, if the key signed it. */
function trustedCheckpoint(
  note: string,
  verifierKey: string,
  report: (problem: Problem) => void,
): Checkpoint | undefined {
  const key = parseVerifierKey(verifierKey, sha256);
  if (key === undefined) {
    throw new TenstripError<LedgerErrorCode>(
      'OptionsInvalid',
      `${JSON.stringify(verifierKey.slice(0, 200))} is not a verifier key. Give the text of the ledger's verifier.key: name+id+base64.`,
      { details: { verifierKey: verifierKey.slice(0, 512) } },
    );
  }
  const policy = { logs: [{ key }], witnesses: [], groups: [], quorum: 'none' } as const;
  const verdict = checkCheckpoint(note, policy, createVerifier().verify);
  if (verdict.trusted) return verdict.checkpoint;
  report({ index: 0n, code: verdict.reason, message: `The checkpoint is not signed by ${verifierKey}.` });
  return undefined;
}

/** Checks every entry by itself; how many have no personal part any more. */
async function checkEntries(
  { reader, signal }: VerificationRequest,
  head: Checkpoint,
  counts: Record<string, number>,
  report: (problem: Problem) => void,
): Promise<number> {
  let erased = 0;
  let index = reader.minimumIndex;
  for await (const stored of reader.entries(index, head.size)) {
    signal?.throwIfAborted();
    try {
      const entry = decodeEntry(index, stored);
      counts[entry.class] = (counts[entry.class] ?? 0) + 1;
      const proof = await reader.proveInclusion(index, head.size);
      if (!verifyInclusion(index, head.size, leafHash(stored.entry, sha256), proof, head.root, sha256)) {
        report({ index, code: 'ProofInvalid', message: `Entry ${index} is not in the tree that was signed.` });
      }
      if (stored.erasable === undefined) erased += commitmentOf(stored.entry) === undefined ? 0 : 1;
      else if (commitmentOf(stored.entry) !== Buffer.from(sha256(stored.erasable)).toString('hex')) {
        report({
          index,
          code: 'CommitmentInvalid',
          message: `The personal part of entry ${index} is not the one that it commits to.`,
        });
      }
    } catch (error) {
      if (!isTenstripError(error)) throw error;
      report({ index, code: error.code, message: error.message });
    }
    index += 1n;
  }
  return erased;
}

/** Whether the log extends an earlier checkpoint of the same key. */
async function checkEarlier(
  request: VerificationRequest,
  earlier: string,
  head: Checkpoint,
  report: (problem: Problem) => void,
): Promise<void> {
  const { reader, verifierKey } = request;
  const before = trustedCheckpoint(earlier, verifierKey, (problem) =>
    report({ ...problem, message: 'The earlier checkpoint is not signed by the key of this ledger.' }),
  );
  if (before === undefined) return;
  if (before.size > head.size) return checkTail(request, earlier, head, report);
  const proof = await reader.proveConsistency(before.size, head.size);
  if (verifyConsistency(before, head, proof, sha256)) return;
  report({
    index: before.size,
    code: 'CheckpointFork',
    message: `The ledger does not extend the checkpoint of ${before.size} entries that was signed earlier. It was rewritten.`,
  });
}

/** After a crash the entries may reach beyond the published checkpoint, as far as the earlier one or not. */
async function checkTail(
  request: VerificationRequest,
  earlier: string,
  head: Checkpoint,
  report: (problem: Problem) => void,
): Promise<void> {
  for await (const { index, problem } of request.reader.verify({ ...signalOf(request), against: earlier })) {
    const isMissing = problem.code === 'CheckpointFork' && index >= head.size;
    report(
      isMissing
        ? { index, code: 'TailMissing', message: `The ledger ends before entry ${index}: ${problem.message}.` }
        : { index, code: problem.code, message: problem.message },
    );
  }
}

function signalOf({ signal }: VerificationRequest): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
