import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AppendReceipt, LogReader, LogWriter } from '../../../src/durable-log/index.js';
import { printTlogProof } from '../../../src/transparency/index.js';
import { checkProof } from '../../conformance/durable-log/static-log-client.js';
import { newFolder, origin, signer } from '../../unit/durable-log/log-folders.js';

const { publicKey } = signer;
const entryAt = (index: number) => Buffer.from(`entry ${index}.`);
const entries = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ entry: entryAt(from + at) }));

/** A log that came in commits of some sizes, and the receipt of each one's last entry. */
async function logOf(commits: readonly number[], folder = 'memory:'): Promise<[LogWriter, AppendReceipt[]]> {
  const log = await LogWriter.open({ folder, origin, signer, durability: 'os' });
  const receipts: AppendReceipt[] = [];
  for (const count of commits) receipts.push((await log.appendAll(entries(Number(log.reader.size), count))).at(-1)!);
  return [log, receipts];
}

describe('proofs cut together', () => {
  test('are those cut alone, and lead to the signed root, for every run under every checkpoint', async () => {
    const commits = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 200, max: 600 })), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(commits, fc.nat(), fc.nat(), fc.nat(), async (sizes, which, start, length) => {
        const [log, receipts] = await logOf(sizes);
        await using _ = log;
        const { index: last, checkpoint } = receipts[which % receipts.length]!;
        const size = Number(last) + 1;
        const from = start % size;
        const to = from + 1 + (length % (size - from));
        const proofs = await log.reader.tlogProofs(BigInt(from), BigInt(to), checkpoint);
        expect(proofs).toHaveLength(to - from);
        for (const [at, text] of proofs.entries()) {
          const index = BigInt(from + at);
          const path = await log.reader.proveInclusion(index, BigInt(size));
          expect(text).toBe(printTlogProof({ index, path, checkpoint }));
          expect(checkProof(text, entryAt(from + at), publicKey)).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  test('of every run of every small log', async () => {
    for (let size = 1; size <= 9; size++) {
      const [log, [receipt]] = await logOf([size]);
      await using _ = log;
      for (let from = 0; from < size; from++) {
        for (let to = from; to <= size; to++) {
          const proofs = await log.reader.tlogProofs(BigInt(from), BigInt(to), receipt!.checkpoint);
          expect(proofs.map((text, at) => checkProof(text, entryAt(from + at), publicKey))).toEqual(
            Array(to - from).fill(true),
          );
        }
      }
    }
  });

  test('stay right while the log grows behind their checkpoint', async () => {
    const [log, [receipt]] = await logOf([700]);
    await using _ = log;
    const growing = log.appendAll(entries(700, 900));
    const proofs = await log.reader.tlogProofs(0n, 700n, receipt!.checkpoint);
    await growing;
    expect(await log.reader.tlogProofs(0n, 700n, receipt!.checkpoint)).toEqual(proofs);
    expect(proofs.every((text, at) => checkProof(text, entryAt(at), publicKey))).toBe(true);
  });

  test('are refused out of range, under what is no checkpoint, and under that of another log', async () => {
    const [log, [receipt]] = await logOf([300]);
    await using _ = log;
    const { reader } = log;
    const { checkpoint } = receipt!;
    await expect(reader.tlogProofs(0n, 301n)).rejects.toThrow(RangeError);
    await expect(reader.tlogProofs(-1n, 3n)).rejects.toThrow(RangeError);
    await expect(reader.tlogProofs(3n, 2n)).rejects.toThrow(RangeError);
    await expect(reader.tlogProofs(0n, 1n, 'nonsense')).rejects.toThrow('the checkpoint is no signed one');
    expect(await reader.tlogProofs(300n, 300n)).toEqual([]);
    const [other, [longer]] = await logOf([301]);
    await using _other = other;
    await expect(reader.tlogProofs(0n, 1n, longer!.checkpoint)).rejects.toThrow('the checkpoint covers 300 entries');
    await log.appendAll([{ entry: Buffer.from('another') }]);
    await expect(reader.tlogProofs(0n, 1n, longer!.checkpoint)).rejects.toMatchObject({ code: 'CheckpointFork' });
    expect(await reader.tlogProofs(0n, 1n, checkpoint)).toHaveLength(1);
  });

  test('are not cut from a damaged tile', async () => {
    const folder = newFolder();
    const [log] = await logOf([600], folder);
    await log[Symbol.asyncDispose]();
    writeFileSync(join(folder, 'public/tile/0/001'), Buffer.alloc(8192, 7));
    const reader = await LogReader.open(folder);
    await expect(reader.tlogProofs(0n, 600n)).rejects.toMatchObject({ code: 'LogCorrupt' });
    await expect(reader.tlogProofs(300n, 301n)).rejects.toMatchObject({ code: 'LogCorrupt' });
    rmSync(join(folder, 'public/tile/0/001'));
    await expect((await LogReader.open(folder)).tlogProofs(0n, 600n)).rejects.toMatchObject({ code: 'LogCorrupt' });
  });
});
