// Folders, keys and entries for tests of the log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createSigner } from '../../../src/crypto/index.js';
import type { LogEntry } from '../../../src/durable-log/index.js';

export const origin = 'example.com/log';
export const signer = createSigner(new Uint8Array(32).fill(7));

const root = mkdtempSync(join(tmpdir(), 'tenstrip-log-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let made = 0;

/** A path in the temporary directory that does not exist yet; removed after the tests of the file. */
export function newFolder(): string {
  return join(root, String(made++));
}

/** `count` entries that differ, from number `first` on. */
export function someEntries(count: number, first = 0): LogEntry[] {
  return Array.from({ length: count }, (_, at) => ({ entry: Buffer.from(`entry ${first + at}`) }));
}

/** Everything that an asynchronous iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
