import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createSigner, sha256 } from '../../../src/crypto/index.js';
import { seededRandom } from '../../../src/determinism/index.js';
import { LogReader, LogWriter } from '../../../src/durable-log/index.js';
import { parseSignedCheckpoint, verifyConsistency } from '../../../src/transparency/index.js';
import { checkProof, openCheckpoint, readStaticLog } from '../../conformance/durable-log/static-log-client.js';
import { startChild } from './child-programs.js';

const root = mkdtempSync(join(tmpdir(), 'tenstrip-crash-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const kills = process.env.TENSTRIP_FULL === '1' ? 200 : 20;
const signer = createSigner(new Uint8Array(32).fill(7));
const origin = 'example.com/log';

interface Acknowledgement {
  readonly number: number;
  readonly index: bigint;
  readonly checkpoint: string;
}

/** Lets a child append, kills it `afterMs` after its first acknowledgement, and returns all acknowledgements. */
async function appendAndKill(folder: string, first: number, afterMs: number): Promise<Acknowledgement[]> {
  const child = startChild('append-until-killed.child.mjs', [folder, String(first)]);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  expect(child.exitCode).toBeNull();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill('SIGKILL');
  await once(child, 'close');
  const lines = Buffer.concat(chunks).toString().split('\n');
  lines.pop(); // a line that was not ended was not told
  return lines.map((line) => {
    const [number, index, checkpoint] = line.split(' ') as [string, string, string];
    return { number: Number(number), index: BigInt(index), checkpoint: Buffer.from(checkpoint, 'base64').toString() };
  });
}

test(`what was acknowledged survives SIGKILL at ${kills} random moments, and all checkpoints are one chain`, async () => {
  const random = seededRandom('kill');
  const folder = join(root, 'log');
  const acknowledged: Acknowledgement[] = [];
  const checkpoints = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    const fresh = await appendAndKill(folder, kill * 1_000_000, random.integer(0, 40));
    acknowledged.push(...fresh);
    for (const { checkpoint } of fresh) checkpoints.add(checkpoint);

    await using log = await LogWriter.open({ folder, origin, signer, segmentBytes: 65_536 });
    checkpoints.add(log.reader.checkpoint);
    for (const { number, index } of fresh) {
      const { entry, erasable } = await log.reader.entry(index);
      expect(Buffer.from(entry).toString().startsWith(`append ${number} `)).toBe(true);
      if (number % 5 === 0) expect(Buffer.from(erasable!.subarray(16)).toString()).toBe(`part ${number}`);
    }
    const last = fresh.at(-1)!;
    expect(
      checkProof(await log.reader.tlogProof(last.index), (await log.reader.entry(last.index)).entry, signer.publicKey),
    ).toBe(true);
  }
  expect(new Set(acknowledged.map(({ index }) => index)).size).toBe(acknowledged.length);

  await using reader = await LogReader.open(folder);
  const problems = [];
  for await (const problem of reader.verify({ publicKey: signer.publicKey })) problems.push(problem);
  expect(problems).toEqual([]);
  expect(readStaticLog(join(folder, 'public'), signer.publicKey).size).toBe(Number(reader.size));

  const heads = [...checkpoints].map((text) => {
    openCheckpoint(text, signer.publicKey); // throws when the signature is false
    return parseSignedCheckpoint(text)!.checkpoint;
  });
  heads.sort((a, b) => Number(a.size - b.size));
  for (const [at, to] of heads.entries()) {
    const from = heads[Math.max(0, at - 1)]!;
    expect(verifyConsistency(from, to, await reader.proveConsistency(from.size, to.size), sha256)).toBe(true);
  }
}, 300_000);
