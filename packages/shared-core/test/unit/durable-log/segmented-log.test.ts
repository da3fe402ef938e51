import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SegmentedLog, type SegmentedLogOptions } from '../../../src/durable-log/index.js';
import { collect, newFolder } from './log-folders.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

async function write(folder: string, commits: readonly (readonly string[])[], options?: SegmentedLogOptions) {
  const log = await SegmentedLog.open(folder, options);
  for (const records of commits) await Promise.all(records.map((record) => log.append(Buffer.from(record))));
  return log;
}

async function read(folder: string): Promise<string[]> {
  await using log = await SegmentedLog.open(folder);
  return (await collect(log.records())).map(text);
}

/** A copy of a folder as a crash would leave it: what is on the disk while the journal is open. */
function crashed(folder: string): string {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

function segments(folder: string): string[] {
  return readdirSync(join(folder, 'records')).map((name) => join(folder, 'records', name));
}

describe('a journal of records', () => {
  test('numbers records in the order of their appends and reads them back', async () => {
    const folder = newFolder();
    await using log = await SegmentedLog.open(folder);
    const numbers = await Promise.all(['a', '', 'c'].map((record) => log.append(Buffer.from(record))));
    expect(numbers).toEqual([0, 1, 2]);
    expect((await collect(log.records())).map(text)).toEqual(['a', '', 'c']);
    expect((await collect(log.records(2))).map(text)).toEqual(['c']);
    expect(await collect(log.records(3))).toEqual([]);
    await expect(collect(log.records(4))).rejects.toThrow('from is 4; expected 0 to 3');
  });

  test('goes on where it stopped', async () => {
    const folder = newFolder();
    await (await write(folder, [['a'], ['b']]))[Symbol.asyncDispose]();
    const again = await SegmentedLog.open(folder);
    expect(again.recovered).toEqual({ records: 2, bytesCut: 0 });
    expect(await again.append(Buffer.from('c'))).toBe(2);
    await again[Symbol.asyncDispose]();
    expect(await read(folder)).toEqual(['a', 'b', 'c']);
  });

  test('starts a new segment when one is full, and reads across them from any record', async () => {
    const folder = newFolder();
    const records = Array.from({ length: 300 }, (_, at) => [`record ${at} ${'x'.repeat(at)}`]);
    await using log = await write(folder, records, { segmentBytes: 2_048 });
    expect(segments(folder).length).toBeGreaterThan(10);
    for (const segment of segments(folder)) expect(statSync(segment).size).toBeLessThanOrEqual(2_048);
    for (const from of [0, 1, 77, 150, 299]) {
      expect((await collect(log.records(from))).map(text)).toEqual(records.slice(from).flat());
    }
  });

  test('names version and checksum in the header of a segment, which head -1 shows', async () => {
    const folder = newFolder();
    await (await write(folder, [['a']]))[Symbol.asyncDispose]();
    const header = readFileSync(segments(folder)[0]!).subarray(0, 64).toString();
    expect(header).toMatch(/^tenstrip-segment v1 crc32-ieee first=0{17} [0-9a-f]{8}\n$/);
    expect(header.slice(-9, -1)).toBe(crc32(header.slice(0, -9)).toString(16).padStart(8, '0'));
  });

  test('lives in memory when asked to', async () => {
    await using log = await write('memory:', [['a'], ['b']]);
    expect((await collect(log.records())).map(text)).toEqual(['a', 'b']);
    await using other = await SegmentedLog.open('memory:');
    expect(other.recovered.records).toBe(0);
  });

  test('refuses a record that no frame can hold, and appends after it was closed', async () => {
    const log = await SegmentedLog.open('memory:');
    await expect(log.append(new Uint8Array(2 ** 24))).rejects.toMatchObject({ code: 'EntryTooLarge' });
    await log[Symbol.asyncDispose]();
    await expect(log.append(new Uint8Array(1))).rejects.toMatchObject({ code: 'LogUnavailable' });
  });

  test('refuses what is no bytes, a folder that is none, and a file in the way', async () => {
    await using log = await SegmentedLog.open('memory:');
    for (const wrong of ['abc', [1, 2], new Uint16Array(2), undefined] as unknown[]) {
      await expect(log.append(wrong as Uint8Array)).rejects.toThrow(/^record is .*; expected a Uint8Array/);
    }
    expect(await log.append(new Uint8Array(1))).toBe(0);
    for (const wrong of ['', undefined, 3] as unknown[]) {
      await expect(SegmentedLog.open(wrong as string)).rejects.toMatchObject({ code: 'ConfigInvalid' });
    }
    const file = newFolder();
    writeFileSync(file, 'a file');
    await expect(SegmentedLog.open(file)).rejects.toMatchObject({ code: 'LogUnavailable', retryable: false });
  });

  test('holds records as large as a frame can be', async () => {
    const folder = newFolder();
    const large = Buffer.alloc(2 ** 24 - 1, 7);
    await using log = await SegmentedLog.open(folder);
    await Promise.all([log.append(Buffer.from('a')), log.append(large), log.append(Buffer.from('b'))]);
    const [a, b, c] = await collect(log.records());
    expect([text(a!), Buffer.compare(b!, large), text(c!)]).toEqual(['a', 0, 'b']);
  });

  test('refuses what would make the queue too long, as a whole and retryable', async () => {
    await using log = await SegmentedLog.open('memory:');
    const record = Buffer.alloc(15 * 2 ** 20);
    const appends = [0, 1, 2, 3].map(() => log.append(record));
    await expect(log.append(record)).rejects.toMatchObject({ code: 'QueueFull', retryable: true });
    expect(await Promise.all(appends)).toEqual([0, 1, 2, 3]);
    expect(await log.append(record)).toBe(4);
  });
});

describe('after a crash', () => {
  test('a last segment cut at any byte gives back a prefix that has every record of the whole commits', async () => {
    const folder = newFolder();
    const commits = [['one', 'two'], ['three'], ['four', '', 'six']];
    const ends = [64];
    const log = await SegmentedLog.open(folder);
    for (const records of commits) {
      await Promise.all(records.map((record) => log.append(Buffer.from(record))));
      ends.push(statSync(segments(folder)[0]!).size);
    }
    const whole = readFileSync(segments(crashed(folder))[0]!);
    await log[Symbol.asyncDispose]();
    const all = commits.flat();
    const copy = newFolder();
    mkdirSync(join(copy, 'records'), { recursive: true });
    const file = join(copy, 'records', '0000000000000000.segment');
    for (let size = whole.length; size >= 64; size--) {
      writeFileSync(file, whole.subarray(0, size));
      const acknowledged = commits
        .slice(
          0,
          ends.findLastIndex((end) => end <= size),
        )
        .flat();
      const recovered = await read(copy);
      expect(recovered).toEqual(all.slice(0, recovered.length));
      expect(recovered.length).toBeGreaterThanOrEqual(acknowledged.length);
    }
  });

  test('a torn commit is cut even if its later pages came through', async () => {
    const folder = newFolder();
    const log = await write(folder, [['kept'], ['torn', 'came through']]);
    const copy = crashed(folder);
    await log[Symbol.asyncDispose]();
    const file = segments(copy)[0]!;
    const bytes = readFileSync(file);
    bytes.fill(0, bytes.indexOf('torn') - 16, bytes.indexOf('torn'));
    writeFileSync(file, bytes);
    await using again = await SegmentedLog.open(copy);
    expect(again.recovered).toEqual({ records: 1, bytesCut: bytes.length - bytes.indexOf('torn') + 16 });
    expect(await again.append(Buffer.from('next'))).toBe(1);
  });

  test('damage before a later commit is an error that says where, and changes nothing', async () => {
    const folder = newFolder();
    await (await write(folder, [['first'], ['second'], ['third']]))[Symbol.asyncDispose]();
    const file = segments(folder)[0]!;
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('second')]! ^= 1;
    writeFileSync(file, bytes);
    await expect(SegmentedLog.open(folder)).rejects.toMatchObject({
      code: 'LogCorrupt',
      retryable: false,
      details: { segment: 'records/0000000000000000.segment', offset: bytes.indexOf('third') - 2 * 16 - 6 },
    });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });

  test('damage in the last commit is found if the journal was closed', async () => {
    const folder = newFolder();
    await (await write(folder, [['first'], ['last']]))[Symbol.asyncDispose]();
    const file = segments(folder)[0]!;
    const bytes = readFileSync(file);
    bytes[bytes.indexOf('last')]! ^= 1;
    writeFileSync(file, bytes);
    await expect(SegmentedLog.open(folder)).rejects.toMatchObject({ code: 'LogCorrupt' });
  });

  test('a picture of a frame inside a payload is not taken for a frame', async () => {
    const folder = newFolder();
    await (await write(folder, [['inner'], ['later']]))[Symbol.asyncDispose]();
    const frames = readFileSync(segments(folder)[0]!).subarray(64);
    const other = newFolder();
    const log = await SegmentedLog.open(other);
    await log.append(Buffer.from('kept'));
    await log.append(Buffer.concat([frames, frames]));
    const copy = crashed(other);
    await log[Symbol.asyncDispose]();
    truncateSync(segments(copy)[0]!, statSync(segments(copy)[0]!).size - 1);
    expect(await read(copy)).toEqual(['kept']);
  });

  test('zeros after the end, as some file systems leave them, are cut', async () => {
    const folder = newFolder();
    await (await write(folder, [['a']]))[Symbol.asyncDispose]();
    const file = segments(folder)[0]!;
    truncateSync(file, statSync(file).size + 8_192);
    await using again = await SegmentedLog.open(folder);
    expect(again.recovered).toEqual({ records: 1, bytesCut: 8_192 });
  });

  test('a missing segment in the middle, and one of another place, are found', async () => {
    const folder = newFolder();
    const records = Array.from({ length: 40 }, (_, at) => [`record ${at} ${'x'.repeat(100)}`]);
    await (await write(folder, records, { segmentBytes: 1_024 }))[Symbol.asyncDispose]();
    const files = segments(folder);
    truncateSync(files[1]!, statSync(files[1]!).size - 3);
    await expect(read(folder)).rejects.toMatchObject({ code: 'LogCorrupt' });
    copyFileSync(files[0]!, files[1]!);
    await expect(read(folder)).rejects.toMatchObject({ code: 'LogCorrupt', details: { offset: 0 } });
  });
});
