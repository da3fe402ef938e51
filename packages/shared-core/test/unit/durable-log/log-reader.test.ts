import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSigner, sha256 } from '../../../src/crypto/index.js';
import {
  commitErasable,
  type LogEntry,
  LogReader,
  LogWriter,
  type LogWriterOptions,
} from '../../../src/durable-log/index.js';
import { leafHash, parseSignedCheckpoint, verifyInclusion } from '../../../src/transparency/index.js';
import { checkProof, treeHash } from '../../conformance/durable-log/static-log-client.js';
import { collect, newFolder, origin, signer, someEntries } from './log-folders.js';

async function writeLog(folder: string, entries: readonly LogEntry[], options: Partial<LogWriterOptions> = {}) {
  await using log = await LogWriter.open({ folder, origin, signer, ...options });
  await log.appendAll(entries);
  return log.reader.checkpoint;
}

const { publicKey } = signer;
const segmentFile = 'entries/0000000000000000.segment';

/** Entries of which every third has an erasable part. */
function mixedEntries(count: number): LogEntry[] {
  return someEntries(count).map(({ entry }, at) => {
    if (at % 3 !== 0) return { entry };
    const { commitment, erasable } = commitErasable(Buffer.from(`part ${at}`), Buffer.alloc(16, at), sha256);
    return { entry: Buffer.concat([entry, Buffer.from(` ${Buffer.from(commitment).toString('hex')}`)]), erasable };
  });
}

/** What this process has open. */
function openFiles(): string[] {
  const descriptors = readdirSync('/proc/self/fd');
  return descriptors.map((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return ''; // that of the listing itself
    }
  });
}

describe('reading', () => {
  test('needs no lock, sees what was published, and moves on by refresh', async () => {
    const folder = newFolder();
    await expect(LogReader.open(folder)).rejects.toMatchObject({ code: 'LogUnavailable', retryable: true });
    mkdirSync(folder);
    await expect(LogReader.open(folder)).rejects.toMatchObject({ code: 'LogUnavailable' });
    await expect(LogReader.open('memory:')).rejects.toMatchObject({ code: 'LogUnavailable' });
    const log = await LogWriter.open({ folder, origin, signer });
    await using reader = await LogReader.open(folder);
    expect(reader.size).toBe(0n);
    await log.appendAll(someEntries(300));
    await log[Symbol.asyncDispose]();
    expect(reader.size).toBe(0n);
    expect(await reader.refresh()).toBe(log.reader.checkpoint);
    expect((await collect(reader.entries(0n, 300n))).map(({ entry }) => Buffer.from(entry).toString())).toEqual(
      someEntries(300).map(({ entry }) => Buffer.from(entry).toString()),
    );
  });

  test('gives the same entries in lists, from any index to any, over segments and erased parts', async () => {
    const folder = newFolder();
    const entries = mixedEntries(6_000);
    await using log = await LogWriter.open({ folder, origin, signer, segmentBytes: 100_000 });
    await log.appendAll(entries);
    for (const index of [0n, 2_997n, 5_997n]) await log.erase(index);
    const expected = entries.map(({ entry, erasable }, at) => {
      const part = erasable === undefined || [0, 2_997, 5_997].includes(at) ? undefined : Buffer.from(erasable);
      return [Buffer.from(entry).toString(), part?.toString('hex')];
    });
    for (const [from, to] of [
      [0, 6_000],
      [0, 1],
      [2_996, 2_999],
      [4_000, 4_000],
      [5_999, 6_000],
    ] as const) {
      const found: unknown[] = [];
      for await (const batch of log.reader.batches(BigInt(from), BigInt(to))) {
        for (const { entry, erasable } of batch) {
          found.push([
            Buffer.from(entry).toString(),
            erasable === undefined ? undefined : Buffer.from(erasable).toString('hex'),
          ]);
        }
      }
      expect(found).toEqual(expected.slice(from, to));
    }
    await expect(log.reader.batches(0n, 6_001n).next()).rejects.toThrow(RangeError);
  });

  test('proves every entry at any size, as the specification says', async () => {
    const folder = newFolder();
    const entries = someEntries(1_000);
    await writeLog(folder, entries);
    await using reader = await LogReader.open(folder);
    const leaves = entries.map(({ entry }) => Buffer.from(leafHash(entry, sha256)));
    for (const size of [1, 2, 255, 256, 257, 700, 1_000]) {
      const root = treeHash(leaves.slice(0, size));
      for (const index of [0, Math.floor(size / 3), size - 1]) {
        const proof = await reader.proveInclusion(BigInt(index), BigInt(size));
        expect(verifyInclusion(BigInt(index), BigInt(size), leaves[index]!, proof, root, sha256)).toBe(true);
      }
    }
    expect(checkProof(await reader.tlogProof(999n), entries[999]!.entry, publicKey)).toBe(true);
  });

  test('says what is out of range', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(3));
    await using reader = await LogReader.open(folder);
    await expect(reader.entry(3n)).rejects.toThrow(RangeError);
    await expect(reader.entry(-1n)).rejects.toThrow(RangeError);
    await expect(collect(reader.entries(2n, 4n))).rejects.toThrow('the log has 0 up to, without, 3');
    await expect(reader.proveInclusion(0n, 4n)).rejects.toThrow('size is 4; the checkpoint covers 3 entries');
    await expect(reader.proveInclusion(3n)).rejects.toThrow(RangeError);
    await expect(reader.proveConsistency(0n, 4n)).rejects.toThrow(RangeError);
    expect(await collect(reader.entries(1n, 1n))).toEqual([]);
  });

  test('gives no proof that does not lead to the signed root', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(600));
    const tile = join(folder, 'public/tile/0/001');
    const bytes = readFileSync(tile);
    bytes[40]! ^= 1;
    writeFileSync(tile, bytes);
    await using reader = await LogReader.open(folder);
    await expect(reader.proveInclusion(256n)).rejects.toMatchObject({ code: 'LogCorrupt' });
  });
});

describe('an audit', () => {
  const whole = newFolder();
  const size = 700;

  async function audit(folder: string, options: { publicKey?: Uint8Array; against?: string } = { publicKey }) {
    await using reader = await LogReader.open(folder);
    return collect(reader.verify(options));
  }

  /** A copy of a whole log with a change. */
  async function changed(change: (folder: string) => void): Promise<string> {
    if (!existsSync(whole)) await writeLog(whole, mixedEntries(size), { batchEntries: 64 });
    const folder = newFolder();
    cpSync(whole, folder, { recursive: true });
    change(folder);
    return folder;
  }

  function edit(folder: string, file: string, change: (bytes: Buffer) => void): void {
    const bytes = readFileSync(join(folder, file));
    change(bytes);
    writeFileSync(join(folder, file), bytes);
  }

  test('finds nothing in a whole log, with or without a key, or beside what it was', async () => {
    const folder = await changed(() => {});
    expect(await audit(folder)).toEqual([]);
    expect(await audit(folder, {})).toEqual([]);
    const older = readFileSync(join(folder, 'public/checkpoint'), 'utf8');
    await writeLog(folder, someEntries(100));
    expect(await audit(folder, { publicKey, against: older })).toEqual([]);
  });

  test.each([
    ['entry 0 ', 0n],
    ['entry 1', 1n],
    ['entry 255 ', 255n],
    ['entry 256', 256n],
    ['entry 699', 699n],
  ])('locates a flipped bit in %j', async (text, index) => {
    const folder = await changed((copy) => edit(copy, segmentFile, (bytes) => (bytes[bytes.indexOf(text)]! ^= 4)));
    const problems = await audit(folder);
    expect(problems.map((problem) => [problem.index, problem.problem.code])).toEqual([[index, 'LogCorrupt']]);
    expect(problems[0]!.problem.details.segment).toBe(segmentFile);
  });

  test('locates an entry that was exchanged with all its checksums', async () => {
    const forged = newFolder();
    const entries = mixedEntries(size).map(({ entry, erasable }, at) => ({
      entry: at === 301 ? Buffer.from('entry 666') : entry,
      ...(erasable === undefined ? {} : { erasable }),
    }));
    await writeLog(forged, entries, { batchEntries: 64, signer: createSigner(new Uint8Array(32).fill(9)) });
    const folder = await changed((copy) => cpSync(join(forged, 'entries'), join(copy, 'entries'), { recursive: true }));
    const problems = await audit(folder, { publicKey });
    expect(problems.some(({ index, problem }) => index === 301n && problem.message.includes('entry 301'))).toBe(true);
    expect(problems.some(({ problem }) => problem.message.includes('not signed by the given key'))).toBe(true);
  });

  test.each([
    ['public/tile/0/000', 100, 3n],
    ['public/tile/0/002.p/188', 32 * 187, 699n],
    ['public/tile/1/000.p/2', 33, 256n],
  ])('locates a flipped bit in %s', async (file, offset, index) => {
    const folder = await changed((copy) => edit(copy, file, (bytes) => (bytes[offset]! ^= 1)));
    const problems = await audit(folder);
    expect(problems.map((problem) => [problem.index, problem.problem.details.segment])).toEqual([[index, file]]);
  });

  test.each([
    ['public/tile/entries/001', 'entry 300', 300n],
    ['public/tile/entries/002.p/188', 'entry 698', 698n],
  ])('locates a flipped bit in %s', async (file, text, index) => {
    const folder = await changed((copy) => edit(copy, file, (bytes) => (bytes[bytes.indexOf(text)]! ^= 1)));
    const problems = await audit(folder);
    expect(problems.map((problem) => [problem.index, problem.problem.details.segment])).toEqual([[index, file]]);
  });

  test('locates a flipped bit in an erasable part', async () => {
    const file = 'erasable/0000000000000000.segment';
    const folder = await changed((copy) => edit(copy, file, (bytes) => (bytes[bytes.indexOf('part 300')]! ^= 1)));
    const problems = await audit(folder);
    expect(problems.map((problem) => [problem.index, problem.problem.details.segment])).toEqual([[300n, file]]);
  });

  test('finds a wrong, an unsigned and a missing checkpoint', async () => {
    const text = readFileSync(join(await changed(() => {}), 'public/checkpoint'), 'utf8');
    const lines = text.split('\n');
    const otherRoot = [lines[0], lines[1], Buffer.alloc(32).toString('base64'), ...lines.slice(3)].join('\n');
    const unsigned = await changed((copy) => writeFileSync(join(copy, 'public/checkpoint'), otherRoot));
    expect((await audit(unsigned)).map(({ index, problem }) => [index, problem.code])).toEqual([
      [699n, 'LogCorrupt'],
      [699n, 'CheckpointFork'],
    ]);
    expect((await audit(unsigned, {})).map(({ problem }) => problem.code)).toEqual(['CheckpointFork']);
    const other = createSigner(new Uint8Array(32).fill(9)).publicKey;
    expect((await audit(await changed(() => {}), { publicKey: other })).length).toBeGreaterThan(0);
    const nonsense = await changed((copy) => writeFileSync(join(copy, 'public/checkpoint'), 'nonsense'));
    expect((await audit(nonsense)).map(({ problem }) => problem.details.segment)).toContain('public/checkpoint');
    await using reader = await LogReader.open(nonsense);
    expect(() => reader.checkpoint).toThrow('it is no signed checkpoint');
    await expect(reader.entry(0n)).rejects.toMatchObject({ code: 'LogCorrupt' });
  });

  test('finds a deleted end by an older checkpoint, although all files agree', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(300));
    const shortened = newFolder();
    cpSync(folder, shortened, { recursive: true });
    const older = await writeLog(folder, someEntries(50, 300));
    expect(await audit(shortened)).toEqual([]);
    const problems = await audit(shortened, { publicKey, against: older });
    expect(problems.map(({ index, problem }) => [index, problem.code])).toEqual([[300n, 'CheckpointFork']]);
    expect(problems[0]!.problem.message).toContain('covers 350 entries, the log 300: its end was deleted');
  });

  test('a crash before publication is no deleted end: the entries reach the older checkpoint', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(300));
    const crashed = newFolder();
    const published = readFileSync(join(folder, 'public/checkpoint'));
    const receipt = await writeLog(folder, someEntries(50, 300));
    cpSync(folder, crashed, { recursive: true });
    writeFileSync(join(crashed, 'public/checkpoint'), published);
    expect(await audit(crashed, { publicKey, against: receipt })).toEqual([]);
    const foreign = newFolder();
    const other = await writeLog(foreign, [...someEntries(300), ...someEntries(50, 400)]);
    expect((await audit(crashed, { publicKey, against: other })).map(({ problem }) => problem.code)).toEqual([
      'CheckpointFork',
    ]);
  });

  test('finds a deleted end by the published checkpoint', async () => {
    const folder = await changed((copy) => {
      const bytes = readFileSync(join(copy, segmentFile));
      truncateSync(join(copy, segmentFile), bytes.indexOf('entry 690') - 24);
    });
    const problems = await audit(folder);
    expect(problems.map(({ index, problem }) => [index, problem.code])).toEqual([[690n, 'LogCorrupt']]);
    await using reader = await LogReader.open(folder);
    expect(Buffer.from((await reader.entry(600n)).entry).toString()).toMatch(/^entry 600/);
    await expect(reader.entry(690n)).rejects.toMatchObject({ code: 'LogCorrupt' });
    await expect(reader.tlogProof(0n)).rejects.toMatchObject({ code: 'LogCorrupt' });
  });

  test('finds a history that was written anew, by an older checkpoint', async () => {
    const [folder, other] = [newFolder(), newFolder()];
    const older = await writeLog(folder, someEntries(300));
    await writeLog(other, [...someEntries(10), ...someEntries(400, 11)]);
    const problems = await audit(other, { publicKey, against: older });
    expect(problems.map(({ index, problem }) => [index, problem.code])).toEqual([[299n, 'CheckpointFork']]);
    expect(parseSignedCheckpoint(older)!.checkpoint.size).toBe(300n);
    await expect(audit(folder, { against: 'nonsense' })).rejects.toThrow('against is no signed checkpoint');
  });

  test.runIf(process.platform === 'linux')('leaves no file open, to its end or stopped before', async () => {
    const folder = newFolder();
    await writeLog(folder, mixedEntries(300));
    const reader = await LogReader.open(folder);
    expect(await collect(reader.verify())).toEqual([]);
    const parts = join(folder, 'erasable/0000000000000000.segment');
    const bytes = readFileSync(parts);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(parts, bytes);
    for await (const _ of reader.verify()) break;
    expect(openFiles().filter((path) => path.startsWith(folder))).toEqual([]);
  });

  test('hears its signal between two blocks', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(20_000));
    const reader = await LogReader.open(folder);
    const aborter = new AbortController();
    const reason = new Error('enough');
    const audit = collect(reader.verify({ signal: aborter.signal }));
    setImmediate(() => aborter.abort(reason));
    await expect(audit).rejects.toBe(reason);
    await expect(collect(reader.verify({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  });

  test('goes on after damage and counts what is missing', async () => {
    const folder = await changed((copy) =>
      edit(copy, segmentFile, (bytes) => {
        bytes.fill(0xff, bytes.indexOf('entry 100') - 10, bytes.indexOf('entry 104'));
        bytes[bytes.indexOf('entry 400')]! ^= 1;
      }),
    );
    const problems = await audit(folder);
    expect(problems.map(({ index }) => index)).toEqual([100n, 400n]);
    expect(problems[0]!.problem.message).toContain('entries 100 to 104 are not whole');
  });
});
