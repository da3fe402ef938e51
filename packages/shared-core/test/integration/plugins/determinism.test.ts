import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

const programs = 1000;

async function outcomes(): Promise<string[]> {
  const child = fileURLToPath(new URL('programs.child.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [child, '1', String(programs)], {
    maxBuffer: 1 << 26,
  });
  return stdout.trimEnd().split('\n');
}

describe('deterministic plugin programs', () => {
  let first: string[];
  let second: string[];
  beforeAll(async () => {
    first = await outcomes();
    second = await outcomes();
  }, 60_000);

  it('give the same digest and the same outputs in two processes', () => {
    expect(first).toHaveLength(programs);
    expect(second).toEqual(first);
  });

  it('do something: digests differ between programs, some calls succeed and some fail', () => {
    const outcomesOf = new Map<string, string>();
    for (const line of first) {
      const [, digest, outputs] = /^\d+ ([0-9a-f]{64}) (.*)$/.exec(line)!;
      // Short programs repeat: equal digests have to mean equal outputs.
      expect(outcomesOf.get(digest!) ?? outputs).toBe(outputs);
      outcomesOf.set(digest!, outputs!);
    }
    expect(outcomesOf.size).toBeGreaterThan(0.9 * programs);
    expect(first.filter((line) => line.includes('PluginFailed')).length).toBeGreaterThan(100);
    expect(first.filter((line) => line.includes('PluginInputInvalid')).length).toBeGreaterThan(10);
    expect(first.filter((line) => !line.includes('Plugin')).length).toBeGreaterThan(100);
  });
});
