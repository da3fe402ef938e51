import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createSigner } from '../../../src/crypto/index.js';
import { LogReader, LogWriter } from '../../../src/durable-log/index.js';
import { lockByFile } from '../../../src/durable-log/writer-lock.js';
import { checkProof, openCheckpoint } from '../../conformance/durable-log/static-log-client.js';
import { nextLine, startChild } from './child-programs.js';

const root = mkdtempSync(join(tmpdir(), 'tenstrip-processes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const signer = createSigner(new Uint8Array(32).fill(7));
const origin = 'example.com/log';
const open = (folder: string) => LogWriter.open({ folder, origin, signer });

describe('one writer a folder', () => {
  test('a second process is refused, by whatever path it comes, until the first one closes', async () => {
    const folder = join(root, 'closed');
    const child = startChild('hold-writer.child.mjs', [folder]);
    expect(await nextLine(child)).toBe('open');
    const link = join(root, 'link');
    symlinkSync(folder, link);
    for (const path of [folder, link]) await expect(open(path)).rejects.toMatchObject({ code: 'LogLocked' });
    const second = startChild('hold-writer.child.mjs', [link]);
    expect(await nextLine(second)).toBe('LogLocked');
    const closed = nextLine(child);
    child.stdin.end();
    expect(await closed).toBe('closed');
    await (await open(folder))[Symbol.asyncDispose]();
  });

  test('the lock of a killed process is free', async () => {
    const folder = join(root, 'killed');
    const child = startChild('hold-writer.child.mjs', [folder]);
    expect(await nextLine(child)).toBe('open');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await open(folder))[Symbol.asyncDispose]();
  });

  test('without abstract sockets: a lock file of a living process holds, one of a dead process does not', async () => {
    const folder = join(root, 'by-file');
    mkdirSync(folder);
    const file = join(folder, 'writer.lock');
    const lock = await lockByFile(folder);
    await expect(lockByFile(folder)).rejects.toMatchObject({ code: 'LogLocked', details: { pid: process.pid } });
    const own = readFileSync(file, 'utf8');
    await lock[Symbol.asyncDispose]();
    const child = startChild('hold-writer.child.mjs', [join(root, 'other')]);
    await nextLine(child);
    child.kill('SIGKILL');
    await once(child, 'exit');
    writeFileSync(file, `${child.pid} Mon Nov 23 12:00:00 2026`); // its process is gone
    await (await lockByFile(folder))[Symbol.asyncDispose]();
    writeFileSync(file, own.replace(/\d{4}$/, '1999')); // its process id was given to another process
    await (await lockByFile(folder))[Symbol.asyncDispose]();
    writeFileSync(file, 'garbage');
    await (await lockByFile(folder))[Symbol.asyncDispose]();
  });

  test('of many who take over a stale lock file at once, one gets it', async () => {
    const folder = join(root, 'race');
    mkdirSync(folder);
    for (let round = 0; round < 5; round++) {
      writeFileSync(join(folder, 'writer.lock'), '999999999 gone');
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockByFile(folder)));
      const held = tries.filter((one) => one.status === 'fulfilled');
      expect(held).toHaveLength(1);
      for (const { value } of held) await value[Symbol.asyncDispose]();
    }
  });
});

test('a reader in another process sees consistent states while a writer is at work', async () => {
  const folder = join(root, 'live');
  const child = startChild('append-until-killed.child.mjs', [folder, '0']);
  child.stdout.resume();
  await once(child.stdout, 'data');
  await using reader = await LogReader.open(folder);
  const sizes = new Set<bigint>();
  for (let round = 0; round < 30; round++) {
    await reader.refresh();
    const { size } = reader;
    sizes.add(size);
    openCheckpoint(reader.checkpoint, signer.publicKey);
    if (size === 0n) continue;
    for (const index of [0n, size / 2n, size - 1n]) {
      const { entry } = await reader.entry(index);
      expect(checkProof(await reader.tlogProof(index), entry, signer.publicKey)).toBe(true);
    }
    let count = 0n;
    const from = size > 500n ? size - 500n : 0n;
    for await (const { entry } of reader.entries(from, size)) count += entry.length > 0 ? 1n : 0n;
    expect(count).toBe(size - from);
  }
  const problems = [];
  for await (const problem of reader.verify({ publicKey: signer.publicKey })) problems.push(problem);
  expect(problems).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(sizes.size).toBeGreaterThan(0);
}, 60_000);
