// Ledgers as earlier versions wrote them. The entries are put together here, from what these versions documented: an
// extension states all lines of its overflow, those of its decision too; keys of overflows are of another text; a batch has no
// digest; a decision does not say how many bans were before; and a change of rules states them in its public part.

import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, createSigner, sha256 } from '@tenstrip/shared-core/crypto';
import { commitErasable, LogWriter } from '@tenstrip/shared-core/durable-log';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AutoblockerLedger, verifyLedger } from '../../../src/index.js';

const origin = 'tenstrip/autoblocker-ledger';
const hour = 3_600_000;
const start = Date.parse('2026-11-23T08:00:00Z');
const fast = { name: 'tenstrip/ssh-bf', version: '1.0.0' };
const slow = { name: 'tenstrip/ssh-slow-bf', version: '1.0.0' };
const attacker = '203.0.113.5';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'earlier-'));
  log = join(folder, 'auth.log');
});
afterEach(() => rm(folder, { recursive: true }));

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
const line = (second: number, address = attacker) =>
  `${new Date(start + second * 1000).toISOString()} web sshd[1]: Failed password for root from ${address} port 4 ssh2`;
const text = (from: number, count: number, address = attacker) =>
  Array.from({ length: count }, (_, at) => `${line(from + at, address)}\n`).join('');
const timeOf = (second: number) => ({ time: start + second * 1000, recordedAt: start + second * 1000 });

/** Lines of {@link attacker}, one a second, as evidence. */
const evidence = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({
    digest: digestOf(line(from + at)),
    line: line(from + at),
    offset: (from + at) * (line(0).length + 1),
    source: log,
    time: start + (from + at) * 1000,
  }));
/** The key of an overflow, as it was until extensions state only new lines. */
const keyOf = (rule: string, second: number) => {
  const [last] = evidence(second, 1);
  const parts = [rule, attacker, last!.time, last!.digest, log, last!.offset];
  return digestOf(JSON.stringify(parts)).slice(0, 32);
};
const position = (lines: number) => {
  const offset = lines * (line(0).length + 1);
  const [head, bytes] = [text(0, lines), Math.min(1024, offset)];
  const at = { offset, warmFrom: 0, headBytes: bytes, tailBytes: bytes };
  const ends = { head: digestOf(head.slice(0, bytes)), tail: digestOf(head.slice(offset - bytes)) };
  return {
    class: 'source-position',
    ...timeOf(lines),
    offset,
    personal: { source: log, position: { ...at, ...ends } },
  };
};
const decided = (second: number, address: string, rule: typeof fast, lines: ReturnType<typeof evidence>) => ({
  class: 'decision',
  ...timeOf(second),
  action: 'ban',
  domains: 'all',
  origin: 'scenario',
  scenario: rule,
  from: start + second * 1000,
  until: start + second * 1000 + 4 * hour,
  score: 1,
  eventCount: 6,
  held: 'active',
  personal: {
    target: { kind: 'ip', value: address },
    reason: 'as it was described then',
    evidence: lines,
    overflow: keyOf(rule.name, second),
  },
});

/** What was written while {@link attacker} was read, up to the overflow of the second rule. */
const entries = () => [
  {
    class: 'rule-change',
    ...timeOf(0),
    rules: [{ ...fast, capacity: 5, leakSpeedMs: 10_000, blackholeMs: 60_000 }],
  },
  decided(5, attacker, fast, evidence(0, 6)),
  {
    class: 'extension',
    ...timeOf(11),
    decision: '1',
    until: start + 11_000 + 8 * hour,
    scenario: slow,
    score: 2,
    eventCount: 12,
    personal: { evidence: evidence(0, 12), overflow: keyOf(slow.name, 11) },
  },
  { class: 'event-batch', ...timeOf(11), events: 1, personal: { batch: 'of before' } },
  decided(11, '203.0.113.6', fast, []),
  { class: 'revocation', ...timeOf(11), decision: '4', code: 'mistake', personal: { by: 'ann' } },
];

/** Writes entries as the versions of before did: the fact beside the commitment to the personal part. */
async function writeLedger(all: readonly object[]): Promise<void> {
  await using writer = await LogWriter.open({
    folder: join(folder, 'ledger', 'log'),
    origin,
    signer: createSigner(new Uint8Array(32).fill(3)),
  });
  for (const one of all) {
    const { personal, ...fact } = one as { personal?: object };
    if (personal === undefined) await writer.append({ entry: Buffer.from(canonicalJson({ v: 1, ...fact })) });
    else {
      const part = Buffer.from(canonicalJson(personal));
      const { commitment, erasable } = commitErasable(part, new Uint8Array(16).fill(9), sha256);
      const entry = canonicalJson({ v: 1, ...fact, personal: Buffer.from(commitment).toString('hex') });
      await writer.append({ entry: Buffer.from(entry), erasable });
    }
  }
}

const open = () =>
  AutoblockerLedger.open({
    folder: join(folder, 'ledger'),
    time: 'events',
    durability: 'os',
    signer: createSigner(new Uint8Array(32).fill(3)),
  });

describe('a ledger of an earlier version', () => {
  it('is opened, answered from, explained and verified', async () => {
    await writeFile(log, text(0, 12));
    await writeLedger([...entries(), position(12)]);
    await using ledger = await open();
    expect(ledger.isBlocked(attacker)).toMatchObject({
      id: 1n,
      until: start + 11_000 + 8 * hour,
      extensions: 1,
      eventCount: 18,
      score: 2,
      state: 'active',
    });
    expect(ledger.isBlocked('203.0.113.6')).toBeUndefined();
    expect(ledger.actors().map(({ scenarios }) => scenarios)).toEqual([[fast.name, slow.name], [fast.name]]);
    const { rule, evidence: lines, history, escalation } = await ledger.explain(1n);
    expect(rule).toMatchObject({ ...fast });
    expect(lines.map(({ line: one }) => `${one}\n`).join('')).toBe(text(0, 12));
    expect(history).toMatchObject([{ kind: 'extended', scenario: slow.name }]);
    expect(escalation).toEqual({ earlier: 0, lengthMs: 4 * hour });
    await expect(ledger.ingest([], { batch: 'of before' })).resolves.toMatchObject({ repeated: true });
    expect(await ledger.verify()).toMatchObject({ verified: true, problems: [] });
    await ledger.close();
    const { verifierKey } = ledger;
    expect(await verifyLedger(join(folder, 'ledger'), { verifierKey })).toMatchObject({ verified: true });
  });

  it('is read on where it stopped', async () => {
    await writeFile(log, text(0, 12));
    await writeLedger([...entries(), position(12)]);
    await appendFile(log, text(20, 6, '203.0.113.77'));
    await using ledger = await open();
    const report = await ledger.readLogs([log]);
    expect(report.sources).toMatchObject([{ resumedAt: position(12).offset, lines: 6 }]);
    expect(report).toMatchObject({ decided: 1, extended: 0 });
    expect(ledger.isBlocked('203.0.113.77')).toMatchObject({ scenario: { name: fast.name } });
    await ledger.close();
    await using again = await open();
    expect(await again.readLogs([log])).toMatchObject({ lines: 0 });
    expect((await again.verify()).verified).toBe(true);
  });

  it('adds no decision and no line for what it decided before a crash, although the keys of its overflows are others', async () => {
    await writeFile(log, text(0, 12));
    const [rules, decision, extension] = entries();
    // Read up to the fourth line: what came of the others was recorded, their place was not.
    await writeLedger([rules!, position(4), decision!, { ...extension!, decision: '2' }]);
    await using ledger = await open();
    const before = ledger.isBlocked(attacker)!;
    const report = await ledger.readLogs([log]);
    expect(report).toMatchObject({ lines: 8, decided: 0 });
    const after = ledger.isBlocked(attacker)!;
    expect([after.id, after.until, after.evidence]).toEqual([before.id, before.until, before.evidence]);
    const { evidence: lines } = await ledger.explain(2n);
    expect(lines.map(({ line: one }) => `${one}\n`).join('')).toBe(text(0, 12));
    expect((await ledger.verify()).verified).toBe(true);
  });
});
