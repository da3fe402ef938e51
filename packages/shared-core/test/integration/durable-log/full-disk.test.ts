import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { smallDisk } from '../../../../../tools/test-disk.mjs';
import { requirement } from '../../../../../tools/test-requirements.mjs';
import { createSigner } from '../../../src/crypto/index.js';
import { LogReader } from '../../../src/durable-log/index.js';
import { readStaticLog } from '../../conformance/durable-log/static-log-client.js';
import { nextLine, startChild } from './child-programs.js';

const root = mkdtempSync(join(tmpdir(), 'tenstrip-full-disk-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const disk = smallDisk(6 << 20);

const { publicKey } = createSigner(new Uint8Array(32).fill(7));

test.skipIf(!disk.available)(
  'a full disk (tmpfs of 6 MiB; needs root to mount) refuses, loses nothing, and works again',
  async () => {
    const half = join(disk.folder, 'half');
    writeFileSync(half, Buffer.alloc(3 << 20));
    const folder = join(disk.folder, 'log');
    const child = startChild('fill-disk.child.mjs', [folder]);
    const first = JSON.parse(await nextLine(child));
    const refusal = { code: 'LogUnavailable', retryable: true, systemCode: 'ENOSPC' };
    expect(first.refusals).toEqual([refusal, refusal]);
    expect(first.acknowledged).toBeGreaterThan(20);
    expect([first.size, first.readable]).toEqual([first.acknowledged, 1_000]);

    rmSync(half);
    const second = nextLine(child);
    child.stdin.write('\n');
    const { acknowledged, last } = JSON.parse(await second);
    expect(acknowledged).toEqual(Array.from({ length: first.size + 1 }, (_, at) => at));
    expect(last).toBe(first.size);
    await expectWhole(folder, last);
  },
  60_000,
);

const limited = spawnSync('prlimit', ['--fsize=1000000', 'true'], { stdio: 'ignore' }).status === 0;

test.skipIf(!requirement(limited, 'needs prlimit of util-linux').available)(
  'a file size limit (needs prlimit) refuses; what was acknowledged is there',
  async () => {
    const folder = join(root, 'limited');
    const child = startChild('fill-disk.child.mjs', [folder], ['prlimit', '--fsize=1000000']);
    const { refusals, acknowledged, size } = JSON.parse(await nextLine(child));
    const refusal = { code: 'LogUnavailable', retryable: true, systemCode: 'EFBIG' };
    expect(refusals).toEqual([refusal, refusal]);
    expect(size).toBe(acknowledged);
    const second = nextLine(child);
    child.stdin.write('\n');
    expect(JSON.parse(await second).last).toBe(size); // a small entry still fits
    await expectWhole(folder, size);
  },
  60_000,
);

async function expectWhole(folder: string, last: number): Promise<void> {
  await using reader = await LogReader.open(folder);
  const problems = [];
  for await (const problem of reader.verify({ publicKey })) problems.push(problem);
  expect(problems).toEqual([]);
  expect(reader.size).toBe(BigInt(last + 1));
  expect(Buffer.from((await reader.entry(BigInt(last))).entry).toString()).toBe('after');
  expect(readStaticLog(join(folder, 'public'), publicKey).entries).toHaveLength(last + 1);
  expect(readFileSync(join(folder, 'public/checkpoint'), 'utf8')).toBe(reader.checkpoint);
}
