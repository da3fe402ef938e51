// `verify <ledger>`: checks a ledger with nothing but its folder, and against an older checkpoint when one is given.

import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type VerificationReport, verifyLedger } from '@tenstrip/autoblocker-ledger';
import { TenstripError } from '@tenstrip/shared-core';
import { exitCodes, type VerifyCommand } from './command-line';
import { problemLines } from './terminal-output';
import { visibleText } from './untrusted-text';
import { count } from './wording';

/** A checkpoint is a short signed note; a larger file is something else. */
const checkpointLimitBytes = 64 * 1024;

/** Runs one `verify` command. @returns the exit code */
export async function verifyFolder(command: VerifyCommand, signal: AbortSignal): Promise<number> {
  const checkpoint = command.checkpoint === undefined ? undefined : await readCheckpoint(command.checkpoint);
  const report = await verifyLedger(resolve(command.ledger), {
    signal,
    ...(command.key === undefined ? {} : { verifierKey: command.key }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
  });
  if (command.json) process.stdout.write(`${JSON.stringify(verificationJson(report))}\n`);
  else process.stdout.write(`${verificationText(report, checkpoint !== undefined)}\n`);
  return report.verified ? exitCodes.done : exitCodes.tampered;
}

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

function verificationText(report: VerificationReport, older: boolean): string {
  const kinds = Object.entries(report.entries).map(([kind, number]) => `${number} ${visibleText(kind)}`);
  const size = count(Number(report.size), 'entry', 'entries');
  if (!report.verified) return ['NOT verified', ...problemLines(report.problems)].join('\n');
  return [
    `verified: ${size}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`,
    ...(older ? ['the ledger extends the older checkpoint: nothing was cut off or changed since'] : []),
    `signed by ${visibleText(report.verifierKey)}`,
    visibleText(report.checkpoint.split('\n').slice(0, 3).join(' · ')),
  ].join('\n');
}

function verificationJson(report: VerificationReport): object {
  const problems = report.problems.map(({ index, code, message }) => ({ entry: Number(index), code, message }));
  return { ...report, size: Number(report.size), problems };
}
