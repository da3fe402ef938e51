import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failedLogins } from './attack-lines';
import { documentOf, type RunDocument, Scratch, watchtower } from './run-watchtower';

interface Verdict {
  verified: boolean;
  problems: { entry: number; code: string; message: string }[];
}

/** The file of a folder that holds these bytes, and where. */
function locate(folder: string, bytes: Buffer): { path: string; offset: number } {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name);
    const offset = statSync(path).isFile() ? readFileSync(path).indexOf(bytes) : -1;
    if (offset >= 0) return { path, offset };
  }
  throw new Error(`no file of ${folder} holds ${bytes}`);
}

function flipBit({ path, offset }: { path: string; offset: number }, bit: number): void {
  const content = readFileSync(path);
  content[offset + (bit >> 3)]! ^= 1 << (bit & 7);
  writeFileSync(path, content);
}

describe('a ledger that was tampered with', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());
  const ledger = scratch.path('ledger');
  const early = scratch.path('early');
  const checkpoint = scratch.path('checkpoint.txt');
  let document: RunDocument;

  beforeAll(async () => {
    const first = scratch.path('first.log');
    const second = scratch.path('second.log');
    const time = new Date('2026-03-01T12:00:00Z');
    writeFileSync(first, failedLogins('203.0.113.7', 20, time));
    writeFileSync(second, failedLogins('2001:db8::9', 20, new Date(time.getTime() + 600_000)));
    await watchtower(scratch.folder, '--json', '--ledger', ledger, first);
    cpSync(ledger, early, { recursive: true });
    document = documentOf(await watchtower(scratch.folder, '--json', '--ledger', ledger, second));
    writeFileSync(checkpoint, document.ledger.checkpoint);
  });

  async function verify(folder: string, ...options: string[]) {
    const { code, stdout } = await watchtower(scratch.folder, 'verify', folder, '--json', ...options);
    return { code, verdict: JSON.parse(stdout) as Verdict };
  }

  test('untouched it verifies, by itself and against its own checkpoint', async () => {
    expect(await verify(ledger, '--checkpoint', checkpoint)).toMatchObject({
      code: 0,
      verdict: { verified: true, problems: [] },
    });
  });

  test('both attackers stand in the ledger that two runs continued', () => {
    expect(document.blocked.map(({ target }) => target).sort()).toEqual(['2001:db8::9', '203.0.113.7']);
  });

  test.each([0, 1])(
    'one flipped bit in the entry of a decision is found and names the entry (decision %i)',
    async (nth) => {
      const id = document.blocked[nth]!.decisions[0]!;
      const copy = scratch.path(`flipped-${nth}`);
      cpSync(ledger, copy, { recursive: true });
      const { stdout } = await watchtower(scratch.folder, 'explain', ledger, String(id), '--json');
      const entry = Buffer.from((JSON.parse(stdout) as { entry: string }).entry);
      flipBit(locate(join(copy, 'log'), entry), 8 * Math.floor(entry.length / 2) + 3);
      const { code, verdict } = await verify(copy);
      expect(code).toBe(4);
      expect(verdict.verified).toBe(false);
      expect(verdict.problems.map((problem) => problem.entry)).toContain(id);
      const text = await watchtower(scratch.folder, 'verify', copy);
      expect(text.stdout).toContain(`entry ${id}:`);
      expect(text.stdout + text.stderr).not.toMatch(/\n\s+at /);
    },
  );

  test('one flipped bit in a kept line of evidence is found', async () => {
    const copy = scratch.path('flipped-evidence');
    cpSync(ledger, copy, { recursive: true });
    flipBit(locate(join(copy, 'log'), Buffer.from('Failed password for root from 203.0.113.7')), 5);
    const { code, verdict } = await verify(copy);
    expect(code).toBe(4);
    expect(verdict.problems.length).toBeGreaterThan(0);
  });

  test('a tail that was deleted is found by a later checkpoint, and only by it', async () => {
    expect(await verify(early)).toMatchObject({ code: 0, verdict: { verified: true } });
    const { code, verdict } = await verify(early, '--checkpoint', checkpoint);
    expect(code).toBe(4);
    expect(verdict.problems).toMatchObject([{ code: 'TailMissing' }]);
  });

  test('a checkpoint of another ledger does not pass', async () => {
    const other = documentOf(
      await watchtower(scratch.folder, '--json', '--ledger', scratch.path('other'), scratch.path('first.log')),
    );
    const foreign = scratch.path('foreign.txt');
    writeFileSync(foreign, other.ledger.checkpoint);
    expect((await verify(ledger, '--checkpoint', foreign)).code).toBe(4);
  });

  test('a key that did not sign does not pass', async () => {
    const other = readFileSync(scratch.path('other', 'verifier.key'), 'utf8').trim();
    expect((await verify(ledger, '--key', other)).code).toBe(4);
  });

  test('explain gives the rule, the lines, the proof and the way back', async () => {
    const id = String(document.blocked[0]!.decisions[0]);
    const { code, stdout } = await watchtower(scratch.folder, 'explain', ledger, id);
    expect(code).toBe(0);
    for (const part of ['tenstrip/ssh-bf', 'Failed password for root from', 'appeal', 'c2sp.org/tlog-proof@v1']) {
      expect(stdout).toContain(part);
    }
  });

  test('explain of a decision that is not there is one clear error', async () => {
    const { code, stderr } = await watchtower(scratch.folder, 'explain', ledger, '99999');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^watchtower: .*99999.*\[DecisionUnknown\]\n$/);
  });
});
