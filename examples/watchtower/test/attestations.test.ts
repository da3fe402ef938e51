// Every block decision is attested; and whoever has one public key finds, offline, what was changed in a copy.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { LogWriter } from '@tenstrip/shared-core/durable-log';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failedLogins } from './attack-lines';
import { documentOf, type RunDocument, Scratch, watchtower } from './run-watchtower';

interface Verdict {
  verified: boolean;
  problems: { entry: number | null; code: string; message: string }[];
  attestations?: { attested: number; notYet: number; report?: { path: string; state: string } };
}

type Attested = RunDocument & { attestations: { folder: string; verifierKey: string; decisions: number } };

describe('the attestations of a run', () => {
  const scratch = new Scratch();
  afterAll(() => scratch[Symbol.dispose]());
  const home = scratch.path('home');
  let document: Attested;
  let key: string;
  let ids: number[];
  /** The page before the second run. */
  let firstReport: Buffer;

  beforeAll(async () => {
    const first = scratch.path('first.log');
    const second = scratch.path('second.log');
    const time = new Date('2026-03-01T12:00:00Z');
    writeFileSync(first, failedLogins('203.0.113.7', 20, time) + failedLogins('203.0.113.8', 20, time));
    writeFileSync(second, failedLogins('2001:db8::9', 20, new Date(time.getTime() + 600_000)));
    const places = ['--ledger', join(home, 'ledger'), '--report', join(home, 'report.html')];
    await watchtower(scratch.folder, '--json', ...places, first);
    firstReport = readFileSync(join(home, 'report.html'));
    document = documentOf(await watchtower(scratch.folder, '--json', ...places, second)) as Attested;
    key = document.attestations.verifierKey;
    ids = document.blocked.flatMap(({ decisions }) => decisions);
  });

  let copies = 0;
  function copy(): string {
    const folder = scratch.path(`copy-${copies++}`);
    cpSync(home, folder, { recursive: true });
    return folder;
  }

  async function verify(folder: string, ...options: string[]): Promise<{ code: number | null; verdict: Verdict }> {
    const { code, stdout } = await watchtower(scratch.folder, 'verify', join(folder, 'ledger'), '--json', ...options);
    return { code, verdict: JSON.parse(stdout) as Verdict };
  }

  const linesOf = (folder: string) => {
    const path = join(folder, 'ledger', 'attestations', 'attestations.jsonl');
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    return { path, lines };
  };
  const payloadOf = (line: string) => JSON.parse(Buffer.from(JSON.parse(line).envelope.payload, 'base64').toString());
  const entryOf = (line: string) => Number(payloadOf(line).predicate.entry);
  const rewrite = (folder: string, change: (lines: string[]) => string[]) => {
    const { path, lines } = linesOf(folder);
    writeFileSync(
      path,
      change([...lines])
        .map((line) => `${line}\n`)
        .join(''),
    );
  };

  test('cover every decision, the ledger and the report, and verify with their public key alone, wherever they are', async () => {
    expect(document.attestations.decisions).toBeGreaterThanOrEqual(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(3);
    const { lines } = linesOf(home);
    for (const id of ids) {
      const { subject, predicate, predicateType } = payloadOf(lines.find((line) => entryOf(line) === id)!);
      const { target } = document.blocked.find(({ decisions }) => decisions.includes(id))!;
      expect(predicateType).toBe('https://tenstrip.dev/predicates/block-decision/v1');
      expect(subject.map(({ name }: { name: string }) => name)).toEqual([
        expect.stringMatching(/#\d+$/),
        `ip:${target}`,
      ]);
      expect(predicate).toMatchObject({ entry: id, class: 'decision', target: `ip:${target}` });
    }
    const { code, verdict } = await verify(copy(), '--attestation-key', key);
    expect(verdict).toMatchObject({
      verified: true,
      problems: [],
      attestations: { notYet: 0, report: { state: 'attested' } },
    });
    expect(code).toBe(0);
    const text = await watchtower(scratch.folder, 'verify', join(home, 'ledger'));
    expect(text.stdout).toContain(`decisions attested by ${key}`);
  });

  test('in a copy without private keys too', async () => {
    const folder = copy();
    rmSync(join(folder, 'ledger', 'signing.key'));
    rmSync(join(folder, 'ledger', 'verifier.key'));
    rmSync(join(folder, 'ledger', 'attestations', 'signing.key'));
    rmSync(join(folder, 'ledger', 'attestations', 'verifier.key'));
    expect(await verify(folder, '--attestation-key', key)).toMatchObject({ code: 0, verdict: { verified: true } });
  });

  /** What is done to a copy, the code of the problem, and whether it names the entry of the first decision. */
  const damage: readonly (readonly [string, string, boolean, (folder: string) => void])[] = [
    [
      'a decision that was changed in its attestation',
      'PROOF_ROOT_MISMATCH',
      true,
      (folder) =>
        rewrite(folder, (lines) =>
          lines.map((line) => {
            if (entryOf(line) !== ids[0]) return line;
            const attestation = JSON.parse(line);
            const payload = payloadOf(line);
            payload.predicate.until = 0;
            attestation.envelope.payload = Buffer.from(JSON.stringify(payload)).toString('base64');
            return JSON.stringify(attestation);
          }),
        ),
    ],
    [
      'a proof that was swapped with another attestation',
      'PROOF_ROOT_MISMATCH',
      true,
      (folder) =>
        rewrite(folder, (lines) => {
          const [one, other] = [ids[0], ids[1]].map((id) => lines.findIndex((line) => entryOf(line) === id)) as [
            number,
            number,
          ];
          const [a, b] = [JSON.parse(lines[one]!), JSON.parse(lines[other]!)];
          [a.proof, b.proof] = [b.proof, a.proof];
          lines[one] = JSON.stringify(a);
          lines[other] = JSON.stringify(b);
          return lines;
        }),
    ],
    [
      'an attestation that was taken away',
      'AttestationMissing',
      true,
      (folder) => rewrite(folder, (lines) => lines.filter((line) => entryOf(line) !== ids[0])),
    ],
    [
      'an attestation in the place of another one',
      'AttestationMissing',
      true,
      (folder) =>
        rewrite(folder, (lines) => {
          const other = lines.find((line) => entryOf(line) === ids[1])!;
          return lines.map((line) => (entryOf(line) === ids[0] ? other : line));
        }),
    ],
    [
      'a line that is no attestation',
      'ENVELOPE_MALFORMED',
      false,
      (folder) => rewrite(folder, (lines) => ['{}', ...lines]),
    ],
    [
      'one letter of the report',
      'ReportChanged',
      false,
      (folder) => {
        const path = join(folder, 'report.html');
        writeFileSync(path, readFileSync(path, 'utf8').replace('203.0.113.7', '203.0.113.6'));
      },
    ],
    [
      'a flipped bit in the log of the attestations',
      'LogCorrupt',
      false,
      (folder) => {
        const tiles = join(folder, 'ledger', 'attestations', 'authority', 'log', 'entries');
        const [name] = readdirSync(tiles).filter((file) => statSync(join(tiles, file)).size > 200);
        const bytes = readFileSync(join(tiles, name!));
        bytes[bytes.indexOf('sha256:') + 20]! ^= 4;
        writeFileSync(join(tiles, name!), bytes);
      },
    ],
    [
      'all attestations taken away',
      'LogUnavailable',
      true,
      (folder) => rmSync(join(folder, 'ledger', 'attestations'), { recursive: true }),
    ],
  ];

  const isRun = (line: string) => payloadOf(line).predicateType.endsWith('/watchtower-run/v1');

  test.each([
    ['with the runs in another order', (lines: string[]) => [...lines].reverse(), 'ReportChanged'],
    ['without the newest run', (lines: string[]) => lines.slice(0, -1), 'AttestationMissing'],
  ])('an older page is not taken for the newest, %s', async (_, change, code) => {
    const folder = copy();
    expect(isRun(linesOf(folder).lines.at(-1)!)).toBe(true);
    writeFileSync(join(folder, 'report.html'), firstReport);
    rewrite(folder, change);
    const found = await verify(folder, '--attestation-key', key);
    expect(found.code).toBe(4);
    expect(found.verdict.problems.map((problem) => problem.code)).toContain(code);
  });

  test('a run that a kill let be logged and not kept counts, and is kept by the next run', async () => {
    const folder = copy();
    const pending = join(folder, 'ledger', 'attestations', 'run.pending');
    const last = linesOf(folder).lines.at(-1)!;
    rewrite(folder, (lines) => lines.slice(0, -1));
    writeFileSync(pending, Buffer.from(JSON.parse(last).envelope.payload, 'base64'));
    const expected = {
      code: 0,
      verdict: { verified: true, problems: [], attestations: { report: { state: 'attested' } } },
    };
    expect(await verify(folder, '--attestation-key', key)).toMatchObject(expected);
    writeFileSync(join(folder, 'report.html'), firstReport);
    expect(await verify(folder, '--attestation-key', key)).toMatchObject({ code: 4 });
    const third = scratch.path('third.log');
    writeFileSync(third, failedLogins('203.0.113.99', 20, new Date('2026-03-01T13:00:00Z')));
    const places = ['--ledger', join(folder, 'ledger'), '--report', join(folder, 'report.html')];
    await watchtower(scratch.folder, ...places, third);
    expect(existsSync(pending)).toBe(false);
    expect(linesOf(folder).lines.map((line) => JSON.parse(line).envelope.payload)).toContain(
      JSON.parse(last).envelope.payload,
    );
    expect(await verify(folder, '--attestation-key', key)).toMatchObject(expected);
    // What was never logged attests nothing.
    writeFileSync(
      pending,
      Buffer.from(JSON.parse(last).envelope.payload, 'base64').toString().replace('"decisions":', '"decisions":1'),
    );
    expect(await verify(folder, '--attestation-key', key)).toMatchObject(expected);
  });

  test("the key in a ledger's folder is not believed where no run names it", async () => {
    const folder = scratch.path('no-run');
    const folderOf = join(folder, 'ledger');
    cpSync(home, folder, { recursive: true });
    rewrite(folder, (lines) => lines.filter((line) => !isRun(line)));
    const { code, verdict } = await verify(folder, '--attestation-key', key);
    expect(code).toBe(4);
    expect(verdict.problems.map((problem) => problem.code)).toContain('LedgerKeyUnknown');
    const own = readFileSync(join(folderOf, 'verifier.key'), 'utf8').trim();
    const given = await verify(folder, '--attestation-key', key, '--key', own);
    expect(given.verdict.problems.map((problem) => problem.code)).not.toContain('LedgerKeyUnknown');
  });

  test.each(damage)('%s is found', async (what, code, isNamed, change) => {
    const folder = copy();
    change(folder);
    const found = await verify(folder, '--attestation-key', key);
    expect(found.code).toBe(4);
    expect(found.verdict.verified).toBe(false);
    expect(found.verdict.problems.map((problem) => problem.code)).toContain(code);
    if (isNamed && !what.startsWith('all')) {
      expect(found.verdict.problems.map(({ entry }) => entry)).toContain(ids[0]);
    }
    if (what !== damage[0]![0]) return;
    const text = await watchtower(scratch.folder, 'verify', join(folder, 'ledger'), '--attestation-key', key);
    expect(text.stdout).toContain(`entry ${ids[0]}:`);
  });

  test('a decision that the ledger itself holds otherwise, under a key of its own, is found by its entry', async () => {
    // Whoever can sign for the ledger, but not for the attestations, writes a ledger of their own in its place.
    const folder = copy();
    const other = scratch.path('other.log');
    writeFileSync(other, failedLogins('198.51.100.1', 20, new Date('2026-03-01T12:00:00Z')));
    for (const name of readdirSync(join(folder, 'ledger'))) {
      if (name !== 'attestations') rmSync(join(folder, 'ledger', name), { recursive: true });
    }
    const forged = scratch.path('forged');
    await watchtower(scratch.folder, '--ledger', forged, other);
    rmSync(join(forged, 'attestations'), { recursive: true });
    cpSync(forged, join(folder, 'ledger'), { recursive: true });
    const { code, verdict } = await verify(folder, '--attestation-key', key);
    expect(code).toBe(4);
    expect(verdict.problems.map((problem) => problem.code)).toEqual(
      expect.arrayContaining(['DecisionChanged', 'DecisionUnknown']),
    );
  });

  test('a person who was erased from the ledger may be taken out of the attestations too', async () => {
    const folder = copy();
    const [, seed] = readFileSync(join(folder, 'ledger', 'signing.key'), 'utf8').split('\n');
    const [origin] = document.ledger.checkpoint.split('\n');
    {
      await using log = await LogWriter.open({
        folder: join(folder, 'ledger', 'log'),
        origin: origin!,
        signer: createSigner(Buffer.from(seed!, 'base64')),
      });
      await log.erase(BigInt(ids[0]!));
    }
    const expected = { code: 0, verdict: { verified: true, problems: [] } };
    expect(await verify(folder, '--attestation-key', key)).toMatchObject(expected);
    rewrite(folder, (lines) => lines.filter((line) => entryOf(line) !== ids[0]));
    expect(await verify(folder, '--attestation-key', key)).toMatchObject(expected);
    rewrite(folder, (lines) => lines.filter((line) => entryOf(line) !== ids[1]));
    expect(await verify(folder, '--attestation-key', key)).toMatchObject({ code: 4 });
  });

  test('another key of attestations is believed for nothing', async () => {
    const stranger = readFileSync(scratch.path('home', 'ledger', 'verifier.key'), 'utf8').trim();
    const { code, verdict } = await verify(home, '--attestation-key', stranger);
    expect(code).toBe(4);
    expect(verdict.problems.map((problem) => problem.code)).toContain('UNKNOWN_KEY');
    const wrong = await watchtower(scratch.folder, 'verify', join(home, 'ledger'), '--attestation-key', 'x');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^watchtower: .*no verifier key.*\n$/);
  });

  test('a report that was moved away is told of, and no reason to disbelieve the ledger', async () => {
    const folder = copy();
    rmSync(join(folder, 'report.html'));
    expect(await verify(folder, '--attestation-key', key)).toMatchObject({
      code: 0,
      verdict: { verified: true, attestations: { report: { state: 'missing' } } },
    });
  });
});
