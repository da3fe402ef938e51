import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../../src/crypto/index.js';
import { commitErasable, type LogEntry, LogReader, LogWriter } from '../../../src/durable-log/index.js';
import { checkProof, readStaticLog } from '../../conformance/durable-log/static-log-client.js';
import { collect, newFolder, origin, signer } from '../../unit/durable-log/log-folders.js';

const { publicKey } = signer;

type Step =
  | { readonly append: number; readonly erasable: boolean }
  | { readonly erase: number }
  | { readonly reopen: 'cleanly' | 'without boot-id' | 'without tiles' }
  | { readonly crash: Uint8Array };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 400 }), erasable: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ erase: fc.nat(5_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ reopen: fc.constantFrom('cleanly', 'without boot-id', 'without tiles') }),
  },
  { weight: 2, arbitrary: fc.record({ crash: fc.uint8Array({ maxLength: 200 }) }) },
);

const open = (folder: string) =>
  LogWriter.open({ folder, origin, signer, durability: 'os', segmentBytes: 20_000, batchEntries: 100 });

function makeEntry(number: number, erasable: boolean): LogEntry {
  if (!erasable) return { entry: Buffer.from(`entry ${number}.`) };
  const made = commitErasable(Buffer.from(`part ${number}`), Buffer.alloc(16, number), sha256);
  return { entry: Buffer.from(`entry ${number}. ${hex(made.commitment)}`), erasable: made.erasable };
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}

function shown({ entry, erasable }: LogEntry): [string | undefined, string | undefined] {
  return [hex(entry), hex(erasable)];
}

test('a log is the list of its entries, provable, through crashes, lost tiles and erasures', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      let folder = newFolder();
      let log = await open(folder);
      const model: LogEntry[] = [];
      for (const now of steps) {
        if ('append' in now) {
          const entries = Array.from({ length: now.append }, (_, at) => makeEntry(model.length + at, now.erasable));
          await log.appendAll(entries);
          model.push(...entries);
        } else if ('erase' in now) {
          const index = now.erase % Math.max(1, model.length);
          if (index >= model.length) continue;
          await log.erase(BigInt(index));
          model[index] = { entry: model[index]!.entry };
        } else if ('reopen' in now) {
          await log[Symbol.asyncDispose]();
          const lost = { cleanly: 'none', 'without boot-id': 'boot-id', 'without tiles': 'public/tile' }[now.reopen];
          rmSync(join(folder, lost), { recursive: true, force: true });
          log = await open(folder);
        } else {
          const crashed = newFolder();
          copyAtWork(folder, crashed);
          await log[Symbol.asyncDispose]();
          for (const directory of ['entries', 'erasable']) {
            appendFileSync(join(crashed, directory, readdirSync(join(crashed, directory)).at(-1)!), now.crash);
          }
          folder = crashed;
          log = await open(folder);
        }
        expect(log.reader.size).toBe(BigInt(model.length));
      }
      const { reader } = log;
      expect((await collect(reader.entries(0n, reader.size))).map(shown)).toEqual(model.map(shown));
      for (const index of [0, Math.floor(model.length / 2), model.length - 1].filter((at) => model[at] !== undefined)) {
        expect(checkProof(await reader.tlogProof(BigInt(index)), model[index]!.entry, publicKey)).toBe(true);
      }
      await log[Symbol.asyncDispose]();
      expect(readStaticLog(join(folder, 'public'), publicKey).entries.map(hex)).toEqual(
        model.map(({ entry }) => hex(entry)),
      );
      expect(await collect(reader.verify({ publicKey }))).toEqual([]);
    }),
    { numRuns: 25 },
  );
}, 300_000);

/** Copies a folder while its log is at work: what is moved or removed meanwhile is met once more in another try. */
function copyAtWork(from: string, to: string): void {
  for (let left = 20; ; left--) {
    try {
      cpSync(from, to, { recursive: true, filter: (name) => !name.endsWith('.new') });
      return;
    } catch (error) {
      if (left === 0 || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

test('every flipped bit is found, and in an entry it is located', async () => {
  const whole = newFolder();
  const entries = Array.from({ length: 900 }, (_, at) => makeEntry(at, at % 4 === 0));
  {
    await using log = await LogWriter.open({ folder: whole, origin, signer, segmentBytes: 20_000, batchEntries: 70 });
    await log.appendAll(entries);
  }
  const files = readdirSync(whole, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.name !== 'boot-id')
    .map((file) => relative(whole, join(file.parentPath, file.name)))
    .sort();
  for (const directory of ['entries', 'erasable', 'public/checkpoint', 'public/tile/0', 'public/tile/1']) {
    expect(files.some((file) => file.startsWith(directory))).toBe(true);
  }
  const lastSegments = ['entries/', 'erasable/'].map((directory) =>
    files.findLast((file) => file.startsWith(directory)),
  );
  const folder = newFolder();
  cpSync(whole, folder, { recursive: true });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...files), fc.nat(), fc.nat(7), async (name, place, bit) => {
      const original = readFileSync(join(whole, name));
      // The last 16 bytes of a chain of segments hold nothing: they only say that it was closed.
      const length = original.length - (lastSegments.includes(name) ? 16 : 0);
      const offset = place % length;
      const flipped = Buffer.from(original);
      flipped[offset]! ^= 1 << bit;
      writeFileSync(join(folder, name), flipped);
      const problems = await collect((await LogReader.open(folder)).verify({ publicKey }));
      writeFileSync(join(folder, name), original);
      expect(problems.length).toBeGreaterThan(0);
      const index = name.startsWith('entries/') ? entryAt(entries, original, offset) : -1;
      if (index >= 0) expect(problems.map((problem) => problem.index)).toEqual([BigInt(index)]);
    }),
    { numRuns: process.env.TENSTRIP_FULL === '1' ? 4_000 : 200 },
  );
}, 300_000);

/** Which entry's bytes lie at `offset` of a segment; -1 between entries. */
function entryAt(entries: readonly LogEntry[], segment: Buffer, offset: number): number {
  return entries.findIndex(({ entry }) => {
    const from = segment.indexOf(entry, Math.max(0, offset - entry.length + 1));
    return from >= 0 && from <= offset;
  });
}
