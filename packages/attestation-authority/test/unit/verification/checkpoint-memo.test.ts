import { createSigner, sha256 } from '@tenstrip/shared-core/crypto';
import { printCheckpoint, printSignedNote, signNote } from '@tenstrip/shared-core/transparency';
import { expect, it } from 'vitest';
import { CheckpointMemo } from '../../../src/verification/checkpoint-memo.js';

const origin = 'ca.example/log';

/** A proof that a tree's only leaf is in it, under a checkpoint with a further line of some length. */
async function proofOf(lineLength: number): Promise<{ leaf: string; proof: string }> {
  const root = new Uint8Array(32).fill(7);
  const extensions = lineLength === 0 ? [] : ['x'.repeat(lineLength)];
  const text = printCheckpoint({ origin, size: 1n, root, extensions });
  const signature = await signNote(text, origin, createSigner(new Uint8Array(32).fill(1)), sha256);
  const proof = `c2sp.org/tlog-proof@v1\nindex 0\n\n${printSignedNote({ text, signatures: [signature] })}`;
  return { leaf: Buffer.from(root).toString('base64'), proof };
}

it('keeps no long checkpoint, and reads it as well', async () => {
  const memo = new CheckpointMemo({ maxCheckpoints: 4, maxTiles: 8 });
  const [short, long] = [await proofOf(0), await proofOf(100_000)];
  expect(memo.under(short.proof)).toBe(memo.under(short.proof));
  expect(memo.under(long.proof)!.seen.text).toHaveLength(long.proof.indexOf('\n\n') * -1 - 2 + long.proof.length);
  expect(memo.under(long.proof)).not.toBe(memo.under(long.proof));
  for (const { leaf, proof } of [short, long]) expect(memo.certainly(leaf, proof)?.index).toBe(0);
});

it('reads no checkpoint with half a character for one with another in its place', async () => {
  const memo = new CheckpointMemo({ maxCheckpoints: 4, maxTiles: 8 });
  const { proof } = await proofOf(4);
  expect(memo.under(proof.replace('xxxx', 'xx\ufffd'))).toBeDefined();
  expect(memo.under(proof.replace('xxxx', 'xx\ud800'))).toBeUndefined();
});
