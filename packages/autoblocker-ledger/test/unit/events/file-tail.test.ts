import { appendFile, copyFile, mkdtemp, open, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tenstrip/shared-core/determinism';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileTail, type FileTailOptions, type SourceLine, type SourcePosition } from '../../../src/events/index.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-tail-'));
  path = join(folder, 'auth.log');
});
afterEach(() => rm(folder, { recursive: true }));

const openTail = (options: Partial<FileTailOptions> = {}) =>
  FileTail.open({ path, clock: systemClock, io: (_, work) => work(), pollMs: 5, ...options });

async function readAll(
  options: Partial<FileTailOptions> = {},
): Promise<{ lines: SourceLine[]; tail: FileTail; position: SourcePosition }> {
  const tail = await openTail(options);
  const lines: SourceLine[] = [];
  for await (const batch of tail.batches()) lines.push(...batch.lines);
  const position = await tail.position(lines.at(-1)?.end ?? options.from?.offset ?? 0, lines.at(-1)?.end ?? 0);
  await tail[Symbol.asyncDispose]();
  return { lines, tail, position };
}
const texts = (lines: readonly SourceLine[]) => lines.map(({ text }) => text);

describe('a file that is read once', () => {
  it('goes on where an earlier reading came to', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { lines, position } = await readAll();
    expect(texts(lines)).toEqual(['one', 'two']);
    await appendFile(path, 'three\n');
    const next = await readAll({ from: position });
    expect(texts(next.lines)).toEqual(['three']);
    expect(next.tail.resumedAt).toBe(8);
  });

  it('hands out again, marked, what refills buckets', async () => {
    await writeFile(path, 'one\ntwo\nthree\n');
    const tail = await openTail();
    const position = await tail.position(8, 4);
    await tail[Symbol.asyncDispose]();
    const { lines } = await readAll({ from: position });
    expect(lines.map(({ text, replayed }) => [text, replayed ?? false])).toEqual([
      ['two', true],
      ['three', false],
    ]);
  });

  it('finds its place in the rotated file and reads all younger ones', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { position } = await readAll();
    await appendFile(path, 'three\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'four\n');
    const { lines, tail } = await readAll({ from: position });
    expect(texts(lines)).toEqual(['three', 'four']);
    expect(tail.rotations).toBe(1);
  });

  it('starts again when the file was truncated, also when it has grown past the place since', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { position } = await readAll();
    await writeFile(path, 'new one\nnew two\nnew three\n');
    const { lines, tail } = await readAll({ from: position });
    expect(texts(lines)).toEqual(['new one', 'new two', 'new three']);
    expect(tail.rotations).toBe(1);
  });

  it('knows a copy under the same name by its text, whatever its inode', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { position } = await readAll();
    await copyFile(path, `${path}.copy`);
    await rename(`${path}.copy`, path);
    await appendFile(path, 'three\n');
    expect(texts((await readAll({ from: position })).lines)).toEqual(['three']);
  });

  it('is not deceived by an inode that a new file took over', async () => {
    await writeFile(path, 'one\ntwo\n');
    const before = await stat(path);
    const { position } = await readAll();
    // A file system that gives the number out again does so at once; another one makes this a plain replacement.
    for (let attempt = 0; attempt < 50; attempt += 1) {
      await unlink(path);
      await writeFile(path, 'new one\nnew two\nnew three\n');
      if ((await stat(path)).ino === before.ino) break;
    }
    const { lines, tail } = await readAll({ from: position });
    expect(texts(lines)).toEqual(['new one', 'new two', 'new three']);
    expect([tail.resumedAt, tail.rotations]).toEqual([0, 1]);
  });

  it('reads a line of 64 MiB with no more memory than its bound, and keeps the digest of all of it', async () => {
    const file = await open(path, 'w');
    await file.truncate(64 * 1024 * 1024); // sparse: NUL bytes
    await file.close();
    await appendFile(path, '\nlast\n');
    const before = process.memoryUsage().arrayBuffers;
    const { lines } = await readAll();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024);
    expect(lines.map(({ text, cut, garbled }) => [text.length, cut, garbled])).toEqual([
      [8192, true, true],
      [4, false, false],
    ]);
    expect(lines[0]!.digest).toBe('3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351');
  });

  it.each([
    ['a missing file', () => join(folder, 'nothing.log'), 'there is no such file'],
    ['a directory', () => folder, 'it is a directory'],
    ['a device', () => '/dev/zero', 'it is no regular file'],
    ['a path through a file', () => join(path, 'x'), 'a part of the path is no directory'],
  ])('refuses %s with one clear error', async (_, place, reason) => {
    await writeFile(path, 'x\n');
    await expect(openTail({ path: place() })).rejects.toMatchObject({ code: 'SourceUnreadable', details: { reason } });
  });
});

describe('a file that is followed', () => {
  /** Follows, and does the next thing when so many lines have been seen. */
  async function follow(
    until: number,
    steps: readonly (() => Promise<unknown>)[],
  ): Promise<{ lines: string[]; tail: FileTail }> {
    const stop = new AbortController();
    const tail = await openTail({ follow: true });
    const lines: string[] = [];
    const waiting = [...steps];
    for await (const batch of tail.batches(stop.signal)) {
      lines.push(...texts(batch.lines));
      await waiting.shift()?.();
      if (lines.length >= until) stop.abort();
    }
    await tail[Symbol.asyncDispose]();
    return { lines, tail };
  }

  it('goes over rotation by rename, with lines written to the old file until the last', async () => {
    await writeFile(path, 'one\n');
    const { lines, tail } = await follow(4, [
      async () => {
        await rename(path, `${path}.1`);
        await appendFile(`${path}.1`, 'two\n');
        await writeFile(path, 'three\n');
      },
      async () => undefined,
      () => appendFile(path, 'four\n'),
    ]);
    expect(lines).toEqual(['one', 'two', 'three', 'four']);
    expect(tail.rotations).toBe(1);
  });

  it('goes over truncation in place', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { lines, tail } = await follow(3, [
      async () => {
        await truncate(path, 0);
        await appendFile(path, 'new\n');
      },
    ]);
    expect(lines).toEqual(['one', 'two', 'new']);
    expect(tail.rotations).toBe(1);
  });

  it('sees a file that was truncated and has grown past the place before it looked', async () => {
    await writeFile(path, 'one\ntwo\n');
    const { lines } = await follow(5, [() => writeFile(path, 'other one\nother two\nother three\n')]);
    expect(lines).toEqual(['one', 'two', 'other one', 'other two', 'other three']);
  });

  it('waits for the end of a line', async () => {
    await writeFile(path, 'one\nha');
    const { lines } = await follow(2, [() => appendFile(path, 'lf\n')]);
    expect(lines).toEqual(['one', 'half']);
  });
});

describe('the lines of a chunk', () => {
  it('come in batches that end with a line, and say whether more are at hand', async () => {
    const written = Array.from({ length: 3000 }, (_, number) => `${number} ${'x'.repeat(number % 97)}`);
    await writeFile(path, written.map((text) => `${text}\n`).join(''));
    const tail = await openTail();
    const batches: { texts: string[]; bytes: number; hasMore: boolean | undefined }[] = [];
    let from = 0;
    for await (const { lines, end, hasMore } of tail.batches()) {
      batches.push({ texts: texts(lines), bytes: end - from, hasMore });
      expect(lines.at(-1)?.end).toBe(end);
      from = end;
    }
    await tail[Symbol.asyncDispose]();
    expect(batches.flatMap((batch) => batch.texts)).toEqual(written);
    expect(batches.length).toBeGreaterThan(3);
    expect(Math.max(...batches.map(({ bytes }) => bytes))).toBeLessThanOrEqual(32_768);
    expect(batches.map(({ hasMore }) => hasMore)).toEqual(batches.map((_, place) => place < batches.length - 1));
  });

  it('are whole when they are longer than a batch', async () => {
    await writeFile(path, `${'a'.repeat(100_000)}\nb\n`);
    const { lines } = await readAll({ maxLineBytes: 200_000 });
    expect(lines.map(({ text, offset, end }) => [text.length, offset, end])).toEqual([
      [100_000, 0, 100_001],
      [1, 100_001, 100_003],
    ]);
  });
});

describe('a last line that has no end yet', () => {
  /** What is handed out of it at first, and after the file has grown. */
  async function before(text: string, added: string, refilled = 0): Promise<[string, boolean][]> {
    await writeFile(path, `one\n${text}`);
    const { lines, position } = await readAll();
    expect(texts(lines)).toEqual(['one', text.replace('\r', '')]);
    await appendFile(path, added);
    const next = await readAll({ from: { ...position, warmFrom: position.warmFrom - refilled } });
    return next.lines.map((line) => [line.text, line.replayed ?? false]);
  }

  it('is the same line when only its end has come', async () => {
    // Where nothing is refilled it does not come again.
    expect(await before('two', '')).toEqual([]);
    expect(await before('two', '\nthree\n')).toEqual([['three', false]]);
    expect(await before('two', '\r\n')).toEqual([]);
    expect(await before('two\r', '\n\n')).toEqual([['', false]]);
    expect(await before('two', '\nthree\n', 1)).toEqual([
      ['two', true],
      ['three', false],
    ]);
  });

  it('is handed out whole when it has grown, and never its rest as a line of its own', async () => {
    expect(await before('tw', 'o\nthree\n')).toEqual([
      ['two', false],
      ['three', false],
    ]);
    expect(await before('a'.repeat(8000), `${'b'.repeat(9000)}\n`)).toEqual([
      [`${'a'.repeat(8000)}${'b'.repeat(192)}`, false],
    ]);
  });

  it('is left for later where the file is followed then', async () => {
    await writeFile(path, 'one\nha');
    expect(texts((await readAll({ takesUnfinished: false })).lines)).toEqual(['one']);
  });
});
