// `verify <ledger>`: checks a ledger and its attestations with nothing but its folder, and against an older checkpoint when one is
// given. One public key kept elsewhere is enough: that of the attestations leads to the ledger's.

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type VerificationReport, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { TenstripError } from '@tenstrip/shared-core';
import { exitCodes, type VerifyCommand } from './command-line';
import { problemLines } from './terminal-output';
import { visibleText } from './untrusted-text';
import { type AttestationProblem, type AttestationReport, verifyAttestations } from './verify-attestations';
import { count } from './wording';

/** A checkpoint is a short signed note; a larger file is something else. */
const checkpointLimitBytes = 64 * 1024;

/** Runs one `verify` command. @returns the exit code */
export async function verifyFolder(command: VerifyCommand, signal: AbortSignal): Promise<number> {
  const checkpoint = command.checkpoint === undefined ? undefined : await readCheckpoint(command.checkpoint);
  const folder = resolve(command.ledger);
  const attestations = await verifyAttestations(folder, command.attestationKey);
  const key = command.key ?? (command.attestationKey === undefined ? undefined : attestations?.ledger?.verifierKey);
  const earlier = checkpoint ?? attestations?.ledger?.checkpoint;
  const ledger = await verifyLedger(folder, {
    signal,
    ...(key === undefined ? {} : { verifierKey: key }),
    ...(earlier === undefined ? {} : { checkpoint: earlier }),
  });
  const isForeign = command.attestationKey !== undefined && key === undefined;
  const report = withAttestations(ledger, attestations, isForeign ? [unattestedKey] : []);
  if (command.json) process.stdout.write(`${JSON.stringify(verificationJson(report, attestations))}\n`);
  else process.stdout.write(`${verificationText(report, checkpoint !== undefined, attestations)}\n`);
  return report.verified ? exitCodes.done : exitCodes.tampered;
}

/** Under the key of the attestations alone the ledger's own is known from a run, or not at all: the one in its folder is anybody's. */
const unattestedKey: AttestationProblem = {
  entry: undefined,
  code: 'LedgerKeyUnknown',
  message: 'no run that ended is attested, which would name the key of the ledger: give that key too, with --key',
};

/** The problems of both; those of no entry come first. */
function withAttestations(
  ledger: VerificationReport,
  attestations: AttestationReport | undefined,
  others: readonly AttestationProblem[],
): FullReport {
  const more = [...others, ...(attestations?.problems ?? [])].map(({ entry, code, message }) => ({
    index: entry,
    code,
    message,
  }));
  const problems = [
    ...more.filter(({ index }) => index === undefined),
    ...ledger.problems,
    ...more.filter(({ index }) => index !== undefined),
  ];
  return { ...ledger, verified: ledger.verified && more.length === 0, problems };
}

/** What was found of a ledger and of what attests it. */
type FullReport = Omit<VerificationReport, 'problems'> & {
  readonly problems: readonly { readonly index: bigint | undefined; readonly code: string; readonly message: string }[];
};

async function readCheckpoint(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(checkpointLimitBytes + 1));
    if (bytesRead > checkpointLimitBytes) throw new Error(`it is longer than ${checkpointLimitBytes} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TenstripError(
      'CheckpointUnreadable',
      `Cannot read a checkpoint from ${path}: ${reason}. Name a file that holds an earlier checkpoint of this ledger.`,
      { cause },
    );
  }
}

function verificationText(report: FullReport, older: boolean, attestations: AttestationReport | undefined): string {
  const kinds = Object.entries(report.entries).map(([kind, number]) => `${number} ${visibleText(kind)}`);
  const size = count(Number(report.size), 'entry', 'entries');
  if (!report.verified) return ['NOT verified', ...problemLines(report.problems)].join('\n');
  return [
    `verified: ${size}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`,
    ...(older ? ['the ledger extends the older checkpoint: nothing was cut off or changed since'] : []),
    `signed by ${visibleText(report.verifierKey)}`,
    ...attestationLines(attestations),
    visibleText(report.checkpoint.split('\n').slice(0, 3).join(' · ')),
  ].join('\n');
}

function attestationLines(attestations: AttestationReport | undefined): string[] {
  if (attestations === undefined) return [];
  const { attested, notYet, report, verifierKey } = attestations;
  const page =
    report === undefined
      ? []
      : [
          `the report ${visibleText(report.path)} is ${report.state === 'attested' ? 'the one attested' : 'not here, and not checked'}`,
        ];
  return [
    `${count(attested, 'decision')} attested by ${visibleText(verifierKey)}`,
    ...(notYet > 0 ? [`${count(notYet, 'decision')} not attested yet: the run was killed, or is under way`] : []),
    ...page,
  ];
}

function verificationJson(report: FullReport, attestations: AttestationReport | undefined): object {
  const problems = report.problems.map(({ index, code, message }) => ({
    entry: index === undefined ? null : Number(index),
    code,
    message,
  }));
  if (attestations === undefined) return { ...report, size: Number(report.size), problems };
  const { problems: _, ledger: __, ...found } = attestations;
  return { ...report, size: Number(report.size), problems, attestations: found };
}
