import { readdirSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { LogReader, LogWriter } from '../../../src/durable-log/index.js';
import type { LogFile, LogFolder } from '../../../src/durable-log/log-folder.js';
import { checkProof, openCheckpoint } from '../../conformance/durable-log/static-log-client.js';
import { collect, newFolder, origin, signer, someEntries } from './log-folders.js';

/** A disk whose syncs of segments wait until the test ends them. */
const disk = vi.hoisted(() => ({ holds: false, syncs: [] as { succeed(): void; fail(error: Error): void }[] }));

vi.mock('../../../src/durable-log/log-folder.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../src/durable-log/log-folder.js')>();
  const slowFile = (file: LogFile): LogFile => ({
    size: () => file.size(),
    read: (target, position) => file.read(target, position),
    write: (bytes, position) => file.write(bytes, position),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
    async sync() {
      if (disk.holds) await new Promise<void>((succeed, fail) => disk.syncs.push({ succeed, fail }));
      await file.sync();
    },
  });
  return {
    ...original,
    async openLogFolder(...given: Parameters<typeof original.openLogFolder>): Promise<LogFolder> {
      const folder = await original.openLogFolder(...given);
      const open = folder.open.bind(folder);
      folder.open = async (...file) => slowFile(await open(...file));
      return folder;
    },
  };
});

beforeEach(() => {
  disk.holds = false;
  disk.syncs = [];
});

/** A log of 200 entries, and a commit of 400 more, enough for tiles and bundles, whose sync is under way. */
async function commitInTheAir() {
  const folder = newFolder();
  const signed: string[] = [];
  const watched = {
    publicKey: signer.publicKey,
    sign(message: Uint8Array) {
      signed.push(Buffer.from(message).toString());
      return signer.sign(message);
    },
  };
  const log = await LogWriter.open({ folder, origin, signer: watched });
  await log.appendAll(someEntries(200));
  disk.holds = true;
  signed.length = 0;
  let answered = false;
  const answer = log.appendAll(someEntries(400, 200)).finally(() => {
    answered = true;
  });
  await vi.waitFor(() => expect(disk.syncs).toHaveLength(1));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  const fullTiles = () => {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /tile\/(0|entries)\/\d{3}$/.test(name));
  };
  return { folder, log, signed, answer, fullTiles, isAnswered: () => answered };
}

describe('while a sync is under way', () => {
  test('nothing is signed, answered, shown or written that it is to make durable', async () => {
    const { log, signed, answer, fullTiles, isAnswered } = await commitInTheAir();
    await using _ = log;
    const meanwhile = { signed: [...signed], answered: isAnswered(), tiles: fullTiles(), size: log.reader.size };
    disk.holds = false;
    disk.syncs[0]!.succeed();
    expect(meanwhile).toEqual({ signed: [], answered: false, tiles: [], size: 200n });
    expect((await answer).map(({ index }) => Number(index))).toEqual(Array.from({ length: 400 }, (_, at) => 200 + at));
    expect(signed).toHaveLength(1);
    await vi.waitFor(() => expect(fullTiles()).toHaveLength(4));
    expect(openCheckpoint((await answer)[0]!.checkpoint, signer.publicKey).size).toBe(600);
  });

  test('readers prove what the last checkpoint covers', async () => {
    const { log, answer } = await commitInTheAir();
    await using _ = log;
    const proofs = await Promise.all([0, 128, 199].map((index) => log.reader.tlogProof(BigInt(index))));
    disk.holds = false;
    disk.syncs[0]!.succeed();
    const proven = [0, 128, 199].map((index) => someEntries(1, index)[0]!.entry);
    expect(proofs.map((proof, at) => checkProof(proof, proven[at]!, signer.publicKey))).toEqual([true, true, true]);
    await answer;
  });

  test('its failure refuses the commit without a signature, and later entries take the place of those it had', async () => {
    const { folder, log, signed, answer } = await commitInTheAir();
    disk.holds = false;
    disk.syncs[0]!.fail(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' }));
    await expect(answer).rejects.toMatchObject({ code: 'LogUnavailable', retryable: true });
    expect([signed, log.reader.size]).toEqual([[], 200n]);
    const [receipt] = await log.appendAll(someEntries(400, 5_000));
    expect(receipt!.index).toBe(200n);
    await log[Symbol.asyncDispose]();
    await using reader = await LogReader.open(folder);
    expect(await collect(reader.verify({ publicKey: signer.publicKey }))).toEqual([]);
    const entries = (await collect(reader.entries(0n, 600n))).map(({ entry }) => Buffer.from(entry));
    expect(entries).toEqual([...someEntries(200), ...someEntries(400, 5_000)].map(({ entry }) => entry));
  });
});

test('bytes that their owner took away before they were written refuse the commit, and the log goes on', async () => {
  await using log = await LogWriter.open({ folder: 'memory:', origin, signer });
  const entry = new Uint8Array(300);
  const answer = log.append({ entry });
  structuredClone(entry, { transfer: [entry.buffer] });
  await expect(answer).rejects.toThrow(TypeError);
  const receipts = await log.appendAll(someEntries(300));
  expect(receipts[0]!.index).toBe(0n);
  expect(checkProof(await log.reader.tlogProof(299n), someEntries(300)[299]!.entry, signer.publicKey)).toBe(true);
});
