import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSigner, createVerifier, sha256 } from '../../../src/crypto/index.js';
import { VirtualClock } from '../../../src/determinism/index.js';
import {
  commitErasable,
  type LogEntry,
  LogReader,
  LogWriter,
  type LogWriterOptions,
} from '../../../src/durable-log/index.js';
import { parseSignedCheckpoint, verifierKey, verifyConsistency } from '../../../src/transparency/index.js';
import {
  checkProof,
  isServed,
  openCheckpoint,
  readStaticLog,
} from '../../conformance/durable-log/static-log-client.js';
import { collect, newFolder, origin, signer, someEntries } from './log-folders.js';

const open = (folder: string, options: Partial<LogWriterOptions> = {}) =>
  LogWriter.open({ folder, origin, signer, ...options });

async function writeLog(folder: string, entries: readonly LogEntry[], options: Partial<LogWriterOptions> = {}) {
  await using log = await open(folder, options);
  await log.appendAll(entries);
  return log.reader.checkpoint;
}

const segment = (folder: string) => join(folder, 'entries', '0000000000000000.segment');

describe('appending', () => {
  test('answers with the index and a signed checkpoint that covers it', async () => {
    await using log = await open('memory:');
    const receipts = await Promise.all(someEntries(300).map((entry) => log.append(entry)));
    receipts.forEach(({ index, checkpoint }, at) => {
      expect(index).toBe(BigInt(at));
      expect(openCheckpoint(checkpoint, signer.publicKey).size).toBeGreaterThan(at);
    });
  });

  test('commits together what is appended in one turn of the event loop', async () => {
    await using log = await open('memory:');
    const receipts = await Promise.all([
      ...someEntries(10).map((entry) => log.append(entry)),
      log.appendAll(someEntries(5)),
    ]);
    expect(new Set(receipts.flat().map(({ checkpoint }) => checkpoint)).size).toBe(1);
  });

  test('splits what is more than a batch, and keeps the order', async () => {
    await using log = await open('memory:', { batchEntries: 100 });
    const receipts = await log.appendAll(someEntries(1_000));
    expect(receipts.map(({ index }) => Number(index))).toEqual(Array.from({ length: 1_000 }, (_, at) => at));
    const sizes = receipts.map(({ checkpoint }) => openCheckpoint(checkpoint, signer.publicKey).size);
    expect(new Set(sizes)).toEqual(new Set([100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000]));
  });

  test('every size has a proof for every entry, and every two sizes are consistent', async () => {
    await using log = await open('memory:');
    const checkpoints: string[] = [];
    for (const entry of someEntries(20)) checkpoints.push((await log.append(entry)).checkpoint);
    for (let index = 0; index < 20; index++) {
      expect(
        checkProof(await log.reader.tlogProof(BigInt(index)), someEntries(20)[index]!.entry, signer.publicKey),
      ).toBe(true);
    }
    const heads = checkpoints.map((text) => parseSignedCheckpoint(text)!.checkpoint);
    for (const from of heads) {
      for (const to of heads.slice(Number(from.size) - 1)) {
        const proof = await log.reader.proveConsistency(from.size, to.size);
        expect(verifyConsistency(from, to, proof, sha256)).toBe(true);
      }
    }
  });

  test('takes the empty entry and the longest, and refuses one byte more', async () => {
    await using log = await open('memory:');
    await log.append({ entry: new Uint8Array(0) });
    await log.append({ entry: new Uint8Array(65_535).fill(1) });
    expect((await log.reader.entry(1n)).entry.length).toBe(65_535);
    await expect(log.append({ entry: new Uint8Array(65_536) })).rejects.toMatchObject({ code: 'EntryTooLarge' });
    await expect(log.appendAll([...someEntries(2), { entry: new Uint8Array(65_536) }])).rejects.toThrow('65536');
    expect(log.reader.size).toBe(2n);
  });

  test('refuses more than may wait, as a whole, and takes it later', async () => {
    await using log = await open('memory:', { maxWaiting: 10 });
    const first = log.appendAll(someEntries(8));
    await expect(log.appendAll(someEntries(3))).rejects.toMatchObject({
      code: 'QueueFull',
      retryable: true,
      details: { waiting: 8, maxWaiting: 10 },
    });
    expect(await first).toHaveLength(8);
    expect((await log.appendAll(someEntries(3)))[2]!.index).toBe(10n);
  });

  test('after closing refuses, and closing twice is closing', async () => {
    const log = await open('memory:');
    const pending = log.append(someEntries(1)[0]!);
    await Promise.all([log[Symbol.asyncDispose](), log[Symbol.asyncDispose]()]);
    expect((await pending).index).toBe(0n);
    await expect(log.append(someEntries(1)[0]!)).rejects.toMatchObject({ code: 'LogUnavailable' });
  });

  test('an origin that cannot be a name, and limits that are none, are refused before a folder is made', async () => {
    const folder = newFolder();
    await expect(open(folder, { origin: 'two words' })).rejects.toThrow(RangeError);
    await expect(open(folder, { maxWaiting: 0 })).rejects.toThrow('maxWaiting is 0; expected 1 or more');
    await expect(open(folder, { batchEntries: Number.NaN })).rejects.toThrow('batchEntries is NaN');
    expect(existsSync(folder)).toBe(false);
  });
});

describe('wrong arguments', () => {
  const wrongBytes: unknown[] = ['abc', [1, 2, 3], new Uint16Array(3), new ArrayBuffer(3), 3, null, { length: 3 }];

  test('an entry or erasable part that is not bytes is refused, and nothing is stored', async () => {
    await using log = await open('memory:');
    for (const wrong of wrongBytes) {
      const entry = wrong as Uint8Array;
      await expect(log.append({ entry })).rejects.toThrow(/^entry is .*; expected a Uint8Array/);
      await expect(log.appendAll([...someEntries(1), { entry }])).rejects.toThrow(RangeError);
      await expect(log.append({ entry: new Uint8Array(32), erasable: entry })).rejects.toThrow(/^erasable is /);
    }
    for (const wrong of [undefined, null, 'abc'] as unknown[]) {
      await expect(log.append(wrong as LogEntry)).rejects.toThrow(/^the entry is .*; expected \{ entry, erasable\? \}/);
      await expect(log.appendAll(wrong as LogEntry[])).rejects.toThrow(RangeError);
    }
    expect(log.reader.size).toBe(0n);
  });

  test('an option that is missing or of a wrong kind is named, and no file is made', async () => {
    const before = readdirSync('.');
    const wrong: [string, object | undefined][] = [
      ['options', undefined],
      ['folder', { folder: '' }],
      ['folder', { folder: 'a\0b' }],
      ['folder', { folder: undefined }],
      ['origin', { origin: undefined }],
      ['signer', { signer: undefined }],
      ['signer', { signer: { publicKey: 'abc', sign: () => new Uint8Array(64) } }],
      ['durability', { durability: 'sync' }],
    ];
    for (const [option, change] of wrong) {
      const options = change && { folder: 'memory:', origin, signer, ...change };
      const error = { code: 'ConfigInvalid', message: expect.stringMatching(`^${option} is `), details: { option } };
      await expect(LogWriter.open(options as LogWriterOptions)).rejects.toMatchObject(error);
    }
    await expect(LogReader.open('')).rejects.toMatchObject({ code: 'ConfigInvalid' });
    expect(readdirSync('.')).toEqual(before);
  });

  test('a number where an index is a bigint is refused with what to do', async () => {
    await using log = await open('memory:');
    await log.appendAll(someEntries(3));
    const one = 1 as unknown as bigint;
    for (const call of [
      () => log.erase(one),
      () => log.prune(one),
      () => log.reader.entry(one),
      () => collect(log.reader.entries(0n, one)),
      () => log.reader.proveInclusion(one),
      () => log.reader.proveInclusion(0n, one),
      () => log.reader.proveConsistency(one, 2n),
      () => log.reader.tlogProof(one),
    ]) {
      const error = await call().then(String, String);
      expect(error).toMatch(/^RangeError: \w+ is 1; expected a bigint such as 0n/);
    }
  });

  test('a folder that a file is in the way of cannot be opened by trying again', async () => {
    const file = newFolder();
    writeFileSync(file, 'a file');
    for (const folder of [file, join(file, 'log')]) {
      await expect(open(folder)).rejects.toMatchObject({
        code: 'LogUnavailable',
        retryable: false,
        message: expect.stringContaining('A file stands where a folder must be'),
      });
    }
  });

  test.runIf(process.platform === 'linux')('a folder under /proc is refused at once', async () => {
    await expect(open('/proc/tenstrip/log')).rejects.toMatchObject({ code: 'LogUnavailable' });
  });
});

describe('what surrounds a commit', () => {
  test('a false signature is found before anything is acknowledged', async () => {
    const falseSignatures: [string, () => Uint8Array][] = [
      ['zeros', () => new Uint8Array(64)],
      ['of another key', () => createSigner(new Uint8Array(32).fill(9)).sign(Buffer.from('x'))],
      ['too short', () => new Uint8Array(3)],
      ['no bytes', () => 'signature' as unknown as Uint8Array],
    ];
    for (const [, sign] of falseSignatures) {
      const wrong = { publicKey: signer.publicKey, sign };
      await expect(open('memory:', { signer: wrong })).rejects.toMatchObject({ code: 'KeyInvalid' });
      const folder = newFolder();
      await writeLog(folder, someEntries(5));
      await using log = await open(folder, { signer: wrong });
      await expect(log.append(someEntries(1)[0]!)).rejects.toMatchObject({ code: 'KeyInvalid' });
      expect(log.reader.size).toBe(5n);
    }
  });

  test('a signer that changes its key between two appends signs the second under the new key', async () => {
    const second = createSigner(new Uint8Array(32).fill(9));
    const changing = { key: signer };
    const current = {
      get publicKey() {
        return changing.key.publicKey;
      },
      sign: (message: Uint8Array) => changing.key.sign(message),
    };
    await using log = await open('memory:', { signer: current });
    const before = await log.append(someEntries(1)[0]!);
    changing.key = second;
    const after = await log.append(someEntries(1)[0]!);
    expect(openCheckpoint(before.checkpoint, signer.publicKey).size).toBe(1);
    expect(openCheckpoint(after.checkpoint, second.publicKey).size).toBe(2);
  });

  test('takes I/O tokens and memory once a commit, and gives the memory back', async () => {
    const costs: { ops?: number; bytes?: number }[] = [];
    let reserved = 0;
    let peak = 0;
    const resources = {
      clock: new VirtualClock(0),
      io: <T>(cost: { ops?: number; bytes?: number }, work: () => Promise<T>) => {
        costs.push(cost);
        return work();
      },
      reserve: (bytes: number) => {
        reserved += bytes;
        peak = Math.max(peak, reserved);
        return {
          [Symbol.dispose]() {
            reserved -= bytes;
          },
        };
      },
    };
    await using log = await open('memory:', { resources });
    await log.appendAll([{ entry: new Uint8Array(100) }, { entry: new Uint8Array(100) }]);
    expect(costs).toEqual([{ ops: 1, bytes: 232 }]);
    expect([peak, reserved]).toEqual([232, 0]);
  });

  test('what resources refuse is refused as it is, and nothing is in the log', async () => {
    const refusal = new Error('no tokens');
    const resources = {
      clock: new VirtualClock(0),
      io: () => Promise.reject(refusal),
      reserve: () => ({ [Symbol.dispose]() {} }),
    };
    await using log = await open('memory:', { resources });
    await expect(log.append(someEntries(1)[0]!)).rejects.toBe(refusal);
    expect(log.reader.size).toBe(0n);
  });

  test('when the signer refuses, the entries are not in the log, and later ones take their place', async () => {
    let refuse = false;
    const hsm = {
      publicKey: signer.publicKey,
      sign: async (message: Uint8Array) => {
        if (refuse) throw new Error('HSM is away');
        return signer.sign(message);
      },
    };
    const folder = newFolder();
    const log = await open(folder, { signer: hsm });
    const personal = (text: string) => withErasable(text, text);
    await log.appendAll([...someEntries(254), personal('kept')]);
    refuse = true;
    await expect(log.appendAll([...someEntries(300, 1_000), personal('lost')])).rejects.toMatchObject({
      code: 'LogUnavailable',
      retryable: true,
      cause: { message: 'HSM is away' },
    });
    refuse = false;
    const after = [...someEntries(300, 2_000), personal('next')];
    const [receipt] = await log.appendAll(after);
    expect(receipt!.index).toBe(255n);
    await log[Symbol.asyncDispose]();
    const served = readStaticLog(join(folder, 'public'), signer.publicKey);
    expect(served.entries.slice(255).map(String)).toEqual(after.map(({ entry }) => Buffer.from(entry).toString()));
    await using reader = await LogReader.open(folder);
    expect(await collect(reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
    expect(
      Buffer.from((await reader.entry(555n)).erasable!)
        .subarray(16)
        .toString(),
    ).toBe('next');
    expect(readFileSync(join(folder, 'erasable', '0000000000000000.segment')).includes('lost')).toBe(false);
  });
});

function withErasable(text: string, part: string, salt = new Uint8Array(16).fill(3)): LogEntry {
  const { commitment, erasable } = commitErasable(Buffer.from(part), salt, sha256);
  return { entry: Buffer.from(`${text} ${Buffer.from(commitment).toString('hex')}`), erasable };
}

describe('erasable parts', () => {
  test('come back with their entries until they are erased; proofs stay', async () => {
    const folder = newFolder();
    const log = await open(folder);
    const entries: LogEntry[] = [withErasable('a', 'alice'), { entry: Buffer.from('b') }, withErasable('c', 'carol')];
    await log.appendAll(entries);
    expect(await log.reader.entry(0n)).toEqual({
      entry: new Uint8Array(entries[0]!.entry),
      erasable: entries[0]!.erasable,
    });
    expect(await log.reader.entry(1n)).toEqual({ entry: new Uint8Array(entries[1]!.entry) });
    await log.erase(0n);
    await log.erase(0n);
    await log.erase(1n);
    expect((await log.reader.entry(0n)).erasable).toBeUndefined();
    expect((await log.reader.entry(2n)).erasable).toEqual(entries[2]!.erasable);
    expect(checkProof(await log.reader.tlogProof(0n), entries[0]!.entry, signer.publicKey)).toBe(true);
    await log[Symbol.asyncDispose]();
    const stored = readFileSync(join(folder, 'erasable', '0000000000000000.segment'));
    expect([stored.includes('alice'), stored.includes('carol')]).toEqual([false, true]);
    await using again = await open(folder);
    expect(await collect(again.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
    expect((await again.reader.entry(0n)).erasable).toBeUndefined();
    await expect(again.erase(3n)).rejects.toThrow('index is 3; expected 0 up to, without, 3');
  });

  test('an erasure that a crash cut short is ended when the log is opened', async () => {
    const folder = newFolder();
    await writeLog(folder, [withErasable('a', 'alice'), withErasable('b', 'bob')]);
    const file = join(folder, 'erasable', '0000000000000000.segment');
    const before = readFileSync(file);
    const noted = { file: 'erasable/0000000000000000.segment', segmentFirst: 0, record: 0, offset: 64, index: 0 };
    writeFileSync(join(folder, 'erasure.json'), JSON.stringify({ ...noted, payloadBytes: 8 + 16 + 5 }));
    before.fill(0, 64 + 16 + 8, 64 + 16 + 20); // half of it was overwritten
    writeFileSync(file, before);
    await using log = await open(folder);
    expect((await log.reader.entry(0n)).erasable).toBeUndefined();
    expect((await log.reader.entry(1n)).erasable).toBeDefined();
    expect(existsSync(join(folder, 'erasure.json'))).toBe(false);
    expect(await collect(log.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
  });

  test('must be what the entry commits to, with a salt that is long enough', async () => {
    await using log = await open('memory:');
    const { entry } = withErasable('a', 'alice');
    await expect(log.append({ entry, erasable: Buffer.from('mallory') })).rejects.toThrow(RangeError);
    const { commitment, erasable } = commitErasable(Buffer.from('raw'), new Uint8Array(16), sha256);
    expect((await log.append({ entry: Buffer.concat([Buffer.from('x'), commitment]), erasable })).index).toBe(0n);
    expect(() => commitErasable(Buffer.from('a'), new Uint8Array(15), sha256)).toThrow('15 bytes');
    const large = commitErasable(new Uint8Array(2 ** 20), new Uint8Array(16), sha256);
    await expect(log.append({ entry: large.commitment, erasable: large.erasable })).rejects.toMatchObject({
      code: 'EntryTooLarge',
    });
  });

  test('may come with their commitment: it must stand in the entry, and a wrong one is found by verification', async () => {
    await using log = await open('memory:');
    const { entry, erasable } = withErasable('a', 'alice');
    const commitment = Buffer.from(sha256(erasable!)).toString('hex');
    const given = { entry, erasable: erasable!, commitment };
    expect((await log.append(given)).index).toBe(0n);
    expect(await log.reader.entry(0n)).toEqual({ entry: new Uint8Array(entry), erasable: new Uint8Array(erasable!) });
    expect(await collect(log.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
    for (const other of ['', 'a', commitment.toUpperCase(), 'f'.repeat(64)]) {
      await expect(log.append({ ...given, commitment: other })).rejects.toThrow(RangeError);
    }
    await log.append({ ...given, erasable: Buffer.from('mallory, behind sixteen bytes') });
    expect(await collect(log.reader.verify({ publicKey: signer.publicKey }))).toMatchObject([{ index: 1n }]);
  });

  test('are in a directory that only the owner may enter', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(1));
    expect(statSync(join(folder, 'erasable')).mode & 0o777).toBe(0o700);
  });

  test('are never in the folder that is served', async () => {
    const folder = newFolder();
    await writeLog(folder, [withErasable('a', 'a secret part')]);
    const names = readdirSync(join(folder, 'public'), { recursive: true, withFileTypes: true });
    for (const name of names.filter((one) => one.isFile())) {
      expect(readFileSync(join(name.parentPath, name.name)).includes('a secret part')).toBe(false);
    }
  });
});

describe('opening again', () => {
  test('goes on under the same checkpoint', async () => {
    const folder = newFolder();
    const checkpoint = await writeLog(folder, someEntries(700));
    await using log = await open(folder);
    expect(log.reader.checkpoint).toBe(checkpoint);
    expect((await log.append(someEntries(1, 700)[0]!)).index).toBe(700n);
    const from = parseSignedCheckpoint(checkpoint)!.checkpoint;
    const to = parseSignedCheckpoint(log.reader.checkpoint)!.checkpoint;
    expect(verifyConsistency(from, to, await log.reader.proveConsistency(700n, 701n), sha256)).toBe(true);
  });

  test('a log of several segments comes back from its tiles, and from its entries when the tiles are gone', async () => {
    const folder = newFolder();
    const checkpoint = await writeLog(folder, someEntries(3_000), { segmentBytes: 16_384, batchEntries: 50 });
    expect(readdirSync(join(folder, 'entries')).length).toBeGreaterThan(5);
    for (const lost of ['none', 'boot-id', 'public/tile/0/003', 'public/tile']) {
      rmSync(join(folder, lost), { recursive: true, force: true });
      await using log = await open(folder);
      expect(log.reader.checkpoint).toBe(checkpoint);
      expect(readStaticLog(join(folder, 'public'), signer.publicKey).size).toBe(3_000);
    }
  });

  test('a wrong tile is made again from the entries', async () => {
    const folder = newFolder();
    const checkpoint = await writeLog(folder, someEntries(3_000), { segmentBytes: 16_384, batchEntries: 50 });
    const tile = join(folder, 'public/tile/0/000');
    const bytes = readFileSync(tile);
    bytes[100]! ^= 1;
    writeFileSync(tile, bytes);
    await using log = await open(folder);
    expect(log.reader.checkpoint).toBe(checkpoint);
    bytes[100]! ^= 1;
    expect(readFileSync(tile).equals(bytes)).toBe(true);
  });

  test.each(['torn', 'missing'])(
    'a file that was %s when the process died, before a checkpoint was published over it, is made again',
    async (state) => {
      const folder = newFolder();
      const published = await writeLog(folder, someEntries(600), { segmentBytes: 16_384, batchEntries: 50 });
      await writeLog(folder, someEntries(2_400, 600), { segmentBytes: 16_384, batchEntries: 50 });
      writeFileSync(join(folder, 'public/checkpoint'), published);
      const names = ['public/tile/0/004', 'public/tile/entries/003', 'public/tile/entries/005'];
      const whole = names.map((name) => readFileSync(join(folder, name)));
      for (const name of names.slice(1)) {
        if (state === 'torn') truncateSync(join(folder, name), 100);
        else rmSync(join(folder, name));
      }
      await using log = await open(folder);
      expect(names.map((name) => readFileSync(join(folder, name)))).toEqual(whole);
      expect(await collect(log.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
      expect(readStaticLog(join(folder, 'public'), signer.publicKey).size).toBe(3_000);
    },
  );

  test('entries that were durable and not yet under a checkpoint come under one', async () => {
    const folder = newFolder();
    const older = await writeLog(folder, someEntries(300));
    await writeLog(folder, someEntries(5, 300));
    writeFileSync(join(folder, 'public/checkpoint'), older);
    await using log = await open(folder);
    expect(log.reader.size).toBe(305n);
  });

  test('never signs a checkpoint that does not extend the last one', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(5));
    const shorter = readFileSync(segment(folder));
    await writeLog(folder, someEntries(5, 5));
    const checkpoint = readFileSync(join(folder, 'public/checkpoint'));

    writeFileSync(segment(folder), shorter);
    await expect(open(folder)).rejects.toMatchObject({ code: 'CheckpointFork', details: { entries: 5 } });

    const other = newFolder();
    await writeLog(other, someEntries(10, 50));
    writeFileSync(segment(folder), readFileSync(segment(other)));
    await expect(open(folder)).rejects.toMatchObject({ code: 'CheckpointFork' });
    expect(readFileSync(join(folder, 'public/checkpoint')).equals(checkpoint)).toBe(true);
    await expect(open(folder, { origin: 'example.com/other' })).rejects.toMatchObject({ code: 'CheckpointFork' });
  });

  test('a checkpoint with a false signature of our key, or none at all, is damage', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(5));
    const file = join(folder, 'public/checkpoint');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/.{8}==\n$/, 'AAAAAAA=\n').replace(/.{10}\n$/, 'AAAAAAAAA=\n'));
    await expect(open(folder)).rejects.toMatchObject({ code: 'LogCorrupt' });
    writeFileSync(file, 'nonsense');
    await expect(open(folder)).rejects.toMatchObject({ code: 'LogCorrupt', details: { segment: 'public/checkpoint' } });
  });

  test('damage in the last commit is no torn tail when a checkpoint covers it', async () => {
    const folder = newFolder();
    await writeLog(folder, someEntries(3));
    const bytes = readFileSync(segment(folder));
    truncateSync(segment(folder), bytes.indexOf('entry 2') + 3); // the end remark is gone too
    await expect(open(folder)).rejects.toMatchObject({
      code: 'LogCorrupt',
      details: { segment: 'entries/0000000000000000.segment', offset: bytes.indexOf('entry 2') - 16 },
    });
    expect(statSync(segment(folder)).size).toBe(bytes.indexOf('entry 2') + 3);
  });

  test('another key is refused, and with rotateKey signs what comes; the log stays one', async () => {
    const folder = newFolder();
    const before = await writeLog(folder, someEntries(5));
    const next = createSigner(new Uint8Array(32).fill(8));
    const ids = [signer, next].map(({ publicKey }) => verifierKey(origin, 1, publicKey, sha256).keyId);
    const [own, other] = ids.map((id) => id.toString(16).padStart(8, '0'));
    await expect(open(folder, { signer: next })).rejects.toMatchObject({
      code: 'KeyInvalid',
      message: expect.stringMatching(new RegExp(`signed by key ${own}, and the signer has key ${other}`)),
    });
    expect(readFileSync(join(folder, 'public/checkpoint'), 'utf8')).toBe(before);
    await writeLog(folder, someEntries(5, 5), { signer: next, rotateKey: true });
    expect(readStaticLog(join(folder, 'public'), next.publicKey).size).toBe(10);
    await expect(open(folder)).rejects.toMatchObject({ code: 'KeyInvalid' });
    await writeLog(folder, someEntries(5, 10), { signer: next });
  });

  test('a folder is open for writing once', async () => {
    const folder = newFolder();
    await using log = await open(folder);
    await expect(open(folder)).rejects.toMatchObject({ code: 'LogLocked', details: { folder } });
    await log[Symbol.asyncDispose]();
    await (await open(folder))[Symbol.asyncDispose]();
  });
});

describe('pruning', () => {
  test('removes segments, bundles and parts below an index; proofs and later entries stay', async () => {
    const folder = newFolder();
    const entries = Array.from({ length: 1_500 }, (_, at) => withErasable(`entry ${at}`, `part ${at}`));
    const log = await open(folder, { segmentBytes: 20_000, batchEntries: 64 });
    await log.appendAll(entries);
    await log.prune(1_000n);
    await log.prune(10n);
    expect(log.reader.minimumIndex).toBe(1_000n);
    await expect(log.reader.entry(999n)).rejects.toThrow(RangeError);
    await expect(log.prune(1_501n)).rejects.toThrow('minimumIndex is 1501; expected 0 to 1500');
    expect((await collect(log.reader.entries(1_000n, 1_500n))).map(({ entry }) => entry.length)).toHaveLength(500);
    expect(checkProof(await log.reader.tlogProof(3n), entries[3]!.entry, signer.publicKey)).toBe(true);
    await log.appendAll(someEntries(100));
    const { checkpoint } = log.reader;
    await log[Symbol.asyncDispose]();

    expect(isServed(join(folder, 'public'), 'tile/entries/002')).toBe(false);
    expect(isServed(join(folder, 'public'), 'tile/entries/003')).toBe(true);
    for (const directory of ['entries', 'erasable']) {
      const all = readdirSync(join(folder, directory)).map((name) => readFileSync(join(folder, directory, name)));
      expect(Buffer.concat(all).includes('entry 500 ') || Buffer.concat(all).includes('part 500')).toBe(false);
    }
    for (const lost of ['', 'boot-id']) {
      rmSync(join(folder, lost || 'none'), { force: true });
      await using again = await open(folder);
      expect([again.reader.checkpoint, again.reader.minimumIndex]).toEqual([checkpoint, 1_000n]);
      expect(await collect(again.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
    }
  });

  test('may remove everything', async () => {
    const folder = newFolder();
    const log = await open(folder);
    await log.appendAll(someEntries(600));
    await log.prune(600n);
    await log.append(someEntries(1, 600)[0]!);
    await log.prune(601n);
    await log[Symbol.asyncDispose]();
    await using again = await open(folder);
    expect([again.reader.size, again.reader.minimumIndex]).toEqual([601n, 601n]);
    expect((await again.append(someEntries(1, 601)[0]!)).index).toBe(601n);
    expect(await collect(again.reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
  });
});

test('signatures hold under the strict profile', async () => {
  await using log = await open('memory:');
  const { checkpoint } = await log.append(someEntries(1)[0]!);
  const { note } = parseSignedCheckpoint(checkpoint)!;
  const { verify } = createVerifier();
  expect(verify(signer.publicKey, Buffer.from(note.text), note.signatures[0]!.signature)).toBe(true);
});
