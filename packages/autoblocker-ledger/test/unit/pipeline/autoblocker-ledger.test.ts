import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ResourceGovernor } from '@tenstrip/shared-core';
import { createVerifier, sha256 } from '@tenstrip/shared-core/crypto';
import { VirtualClock } from '@tenstrip/shared-core/determinism';
import { leafHash, parseVerifierKey, verifyTlogProof } from '@tenstrip/shared-core/transparency';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  type AutoblockerOptions,
  type DecisionChange,
  openSharedLookup,
  type SecurityEvent,
  verifyLedger,
} from '../../../src/index.js';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  log = join(folder, 'auth.log');
});
afterEach(() => rm(folder, { recursive: true }));

const openLedger = (options: Partial<AutoblockerOptions> = {}) =>
  AutoblockerLedger.open({ folder: join(folder, 'ledger'), time: 'events', durability: 'os', ...options });
const failure = (second: number, address: string, user = 'root') =>
  `2026-11-23T08:00:${String(second).padStart(2, '0')}Z web sshd[1]: Failed password for ${user} from ${address} port 4 ssh2\n`;
const burst = (address: string, from = 0, count = 6) =>
  Array.from({ length: count }, (_, n) => failure(from + n, address)).join('');
const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const at = (text: string) => Date.parse(text);

describe('a reading', () => {
  it('blocks the attacker for four hours from the line that was too many', async () => {
    await writeFile(log, `${failure(0, '192.0.2.7')}${burst('203.0.113.5', 10)}`);
    await using ledger = await openLedger();
    const report = await ledger.readLogs([log]);
    expect(report).toMatchObject({
      lines: 7,
      events: 7,
      decided: 1,
      overflows: { 'tenstrip/ssh-bf': 1 },
      parsers: { sshd: 7 },
      skipped: [],
    });
    expect(ledger.isBlocked('203.0.113.5')).toMatchObject({
      from: at('2026-11-23T08:00:15Z'),
      until: at('2026-11-23T12:00:15Z'),
      scenario: { name: 'tenstrip/ssh-bf' },
      state: 'active',
      eventCount: 6,
    });
    expect(ledger.isBlocked('::ffff:203.0.113.5', 'http')).toBeDefined();
    expect(ledger.isBlocked('192.0.2.7')).toBeUndefined();
    expect(ledger.isBlocked('203.0.113.5', undefined, at('2026-11-23T12:00:15Z'))).toBeUndefined();
    expect(() => ledger.isBlocked('nonsense')).toThrow(expect.objectContaining({ code: 'TargetInvalid' }));
  });

  it('joins files in the order of their events', async () => {
    const other = join(folder, 'old.log');
    await writeFile(log, burst('203.0.113.5', 30));
    await writeFile(other, burst('203.0.113.6', 0));
    await using ledger = await openLedger();
    await ledger.readLogs([log, other]);
    expect(ledger.actors().map(({ target }) => target)).toEqual([
      { kind: 'ip', value: '203.0.113.6' },
      { kind: 'ip', value: '203.0.113.5' },
    ]);
  });

  it('counts what it cannot read, and fails when it can read nothing', async () => {
    await writeFile(log, 'x\n\0\n');
    await using ledger = await openLedger();
    const report = await ledger.readLogs([log, join(folder, 'missing.log'), folder]);
    expect(report.skipped.map(({ error }) => [error.code, error.details.reason])).toEqual([
      ['SourceUnreadable', 'there is no such file'],
      ['SourceUnreadable', 'it is a directory'],
    ]);
    expect(report.sources[0]).toMatchObject({ lines: 2, unrecognised: 2, garbled: 1 });
    await expect(ledger.readLogs([folder])).rejects.toMatchObject({ code: 'SourceUnreadable' });
  });

  it('reads nothing twice and loses nothing over a restart, buckets included', async () => {
    await writeFile(log, burst('203.0.113.5', 0, 4));
    await using first = await openLedger();
    expect(await first.readLogs([log])).toMatchObject({ lines: 4, decided: 0 });
    expect(await first.readLogs([log])).toMatchObject({ lines: 0, decided: 0 });
    await first.close();
    await appendFile(log, burst('203.0.113.5', 4, 2));
    await using second = await openLedger();
    const report = await second.readLogs([log]);
    expect(report).toMatchObject({ lines: 2, decided: 1 });
    expect(report.sources[0]!.resumedAt).toBe(4 * failure(0, '203.0.113.5').length);
    const [decision] = await collect(second.query());
    expect(decision!.evidence).toHaveLength(6);
    await second.close();
    await using third = await openLedger();
    expect(await third.readLogs([log])).toMatchObject({ lines: 0, decided: 0 });
    expect(await collect(third.query())).toHaveLength(1);
  });

  it('refills buckets from before the last reading of a process, too', async () => {
    await writeFile(log, burst('203.0.113.5', 0, 3));
    await using first = await openLedger();
    await first.readLogs([log]);
    await appendFile(log, burst('203.0.113.5', 3, 2));
    await first.readLogs([log]);
    await first.close();
    await appendFile(log, burst('203.0.113.5', 5, 1));
    await using second = await openLedger();
    expect(await second.readLogs([log])).toMatchObject({ lines: 1, decided: 1 });
  });

  it('ends at its signal, and goes on from there', async () => {
    await writeFile(log, burst('203.0.113.5'));
    await using ledger = await openLedger();
    expect(await ledger.readLogs([log], { signal: AbortSignal.abort() })).toMatchObject({ lines: 0 });
    expect(await ledger.readLogs([log])).toMatchObject({ lines: 6, decided: 1 });
  });

  it('follows a file until it is told to end', async () => {
    await writeFile(log, burst('203.0.113.5', 0, 3));
    await using ledger = await openLedger();
    const stop = new AbortController();
    let grown = false;
    const report = await ledger.follow([log], {
      signal: stop.signal,
      onProgress: ({ decisions }) => {
        if (!grown) void appendFile(log, burst('203.0.113.5', 3, 3));
        grown = true;
        if (decisions === 1) stop.abort();
      },
    });
    expect(report).toMatchObject({ lines: 6, decided: 1 });
    expect(report.sources).toHaveLength(1);
    expect(ledger.isBlocked('203.0.113.5')).toBeDefined();
  });

  it('keeps its place in a followed file while a line comes in parts', async () => {
    await writeFile(log, failure(0, '203.0.113.5'));
    {
      await using ledger = await openLedger();
      const stop = new AbortController();
      const half = failure(2, '203.0.113.5').slice(0, 60);
      let read = 0;
      const onProgress = ({ bytesRead }: { bytesRead: number }) => {
        read = bytesRead;
      };
      const following = ledger.follow([log], { signal: stop.signal, onProgress });
      await expect.poll(() => read).toBe(failure(0, '203.0.113.5').length);
      for (const part of [failure(1, '203.0.113.5'), half]) {
        const expected = (await stat(log)).size + part.length;
        await appendFile(log, part);
        await expect.poll(() => read).toBe(expected);
      }
      stop.abort();
      expect(await following).toMatchObject({ lines: 2, events: 2 });
      await appendFile(log, failure(2, '203.0.113.5').slice(60));
    }
    await using again = await openLedger();
    const { sources, events } = await again.readLogs([log]);
    expect([sources[0]!.resumedAt, events]).toEqual([2 * failure(0, '203.0.113.5').length, 1]);
  });

  it('takes no half of a line when it begins to follow', async () => {
    await writeFile(log, failure(0, '203.0.113.5') + failure(1, '203.0.113.5').slice(0, 60));
    await using ledger = await openLedger();
    const stop = new AbortController();
    let isWritten = false;
    const report = await ledger.follow([log], {
      signal: stop.signal,
      onProgress: ({ lines }) => {
        if (!isWritten) void appendFile(log, failure(1, '203.0.113.5').slice(60));
        isWritten = true;
        if (lines === 2) stop.abort();
      },
    });
    expect(report).toMatchObject({ lines: 2, events: 2, parsers: { sshd: 2 } });
  });

  it('counts the bytes of a file once, also where a restart refills its buckets from many of them', async () => {
    const text = Array.from({ length: 2000 }, (_, at) => failure(at % 60, `203.0.113.${at % 250}`)).join('');
    await writeFile(log, text);
    await using first = await openLedger();
    expect(await first.readLogs([log])).toMatchObject({ bytes: text.length });
    await first.close();
    await appendFile(log, failure(59, '192.0.2.7'));
    await using second = await openLedger();
    expect(await second.readLogs([log])).toMatchObject({ lines: 1, bytes: failure(59, '192.0.2.7').length });
  });

  it('takes nothing in while its governor is paused, keeps its place, and goes on after', async () => {
    await writeFile(log, burst('203.0.113.5', 0, 3));
    await using governor = new ResourceGovernor({ name: 'test' });
    const stop = new AbortController();
    {
      await using ledger = await openLedger({ governor });
      let lines = 0;
      const onProgress = (progress: { lines: number }) => {
        lines = progress.lines;
      };
      const following = ledger.follow([log], { signal: stop.signal, onProgress });
      await expect.poll(() => lines).toBe(3);
      governor.pause();
      await appendFile(log, burst('203.0.113.5', 3, 3) + burst('203.0.113.6', 20, 3));
      await setTimeout(500);
      // One batch may have been under way.
      const size = ledger.size;
      await appendFile(log, burst('203.0.113.6', 23, 3));
      await setTimeout(500);
      expect(ledger.size).toBe(size);
      expect(ledger.isBlocked('203.0.113.6')).toBeUndefined();
      governor.resume();
      await expect.poll(() => ledger.isBlocked('203.0.113.6')).toBeDefined();
      stop.abort();
      expect(await following).toMatchObject({ lines: 12, decided: 2 });
    }
    await using again = await openLedger();
    expect(await again.readLogs([log])).toMatchObject({ lines: 0, decided: 0 });
  });
});

describe('a decision', () => {
  it('is extended by another rule, once, and not added again', async () => {
    await writeFile(log, `${burst('203.0.113.5')}${burst('203.0.113.5', 10, 40)}`);
    await using ledger = await openLedger();
    await ledger.readLogs([log]);
    const [decision, ...others] = await collect(ledger.query());
    expect(others).toEqual([]);
    expect(decision).toMatchObject({ extensions: 1 });
    expect(ledger.actors()[0]!.scenarios).toEqual(['tenstrip/ssh-bf', 'tenstrip/ssh-slow-bf']);
  });

  it('is explained with each line once, also when a second rule rests on the same ones', async () => {
    const text = `${burst('203.0.113.5')}${burst('203.0.113.5', 10, 40)}`;
    await writeFile(log, text);
    const explained = async (ledger: AutoblockerLedger) => {
      const [decision] = await collect(ledger.query());
      const { evidence, history } = await ledger.explain(decision!.id);
      expect(history).toMatchObject([{ kind: 'extended', scenario: 'tenstrip/ssh-slow-bf' }]);
      expect(evidence.map(({ digest }) => digest)).toEqual(decision!.evidence);
      return evidence.map(({ line }) => `${line}\n`).join('');
    };
    {
      await using ledger = await openLedger();
      await ledger.readLogs([log]);
      expect(text.startsWith(await explained(ledger))).toBe(true);
    }
    await using again = await openLedger();
    const lines = (await explained(again)).split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(6);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('lasts longer the second time', async () => {
    await using ledger = await openLedger();
    await writeFile(log, burst('203.0.113.5') + burst('203.0.113.5').replaceAll('T08:', 'T13:'));
    await ledger.readLogs([log]);
    const decisions = await collect(ledger.query());
    expect(decisions.map(({ from, until }) => (until! - from) / 3_600_000)).toEqual([4, 8]);
    expect(decisions.map(({ state }) => state)).toEqual(['expired', 'active']);
  });

  it('is explained with rule, lines, proof and the way back', async () => {
    await writeFile(log, burst('203.0.113.5'));
    await using ledger = await openLedger();
    await ledger.readLogs([log]);
    const { id } = ledger.isBlocked('203.0.113.5')!;
    const explanation = await ledger.explain(id);
    expect(explanation.rule).toMatchObject({ name: 'tenstrip/ssh-bf', version: '1.0.0' });
    expect(explanation.evidence.map(({ line }) => `${line}\n`).join('')).toBe(burst('203.0.113.5'));
    expect(explanation.evidence[1]).toMatchObject({ source: log, offset: failure(0, '203.0.113.5').length });
    expect(explanation.entry).not.toContain('203.0.113.5');
    expect(explanation.revocation).toContain(`revoke(${id}n`);
    expect(explanation.escalation).toEqual({ earlier: 0, lengthMs: 4 * 3_600_000 });
    expect(explanation.rails.map(({ code }) => code)).toContain('FEEDBACK_LOOP');
    expect(explanation.rails.filter(({ objection }) => objection !== undefined)).toEqual([]);
    // By the field's own rules, without this package: leaf, path, signed checkpoint.
    const policy = {
      logs: [{ key: parseVerifierKey(explanation.verifierKey, sha256)! }],
      witnesses: [],
      groups: [],
      quorum: 'none',
    };
    const leaf = leafHash(Buffer.from(explanation.entry), sha256);
    expect(verifyTlogProof(explanation.proof, leaf, policy, createVerifier().verify, sha256)).toMatchObject({
      verified: true,
    });
    const other = leafHash(Buffer.from(explanation.entry.replace('"ban"', '"san"')), sha256);
    expect(verifyTlogProof(explanation.proof, other, policy, createVerifier().verify, sha256)).toMatchObject({
      verified: false,
    });
  });

  it('is revoked at once, and a second time changes nothing', async () => {
    await writeFile(log, burst('203.0.113.5'));
    await using ledger = await openLedger();
    await ledger.readLogs([log]);
    const { id } = ledger.isBlocked('203.0.113.5')!;
    expect(await ledger.revoke(id, { code: 'false-positive', by: 'ann', text: 'our probe' })).toMatchObject({
      alreadyRevoked: false,
      decision: { state: 'revoked' },
    });
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
    const { size } = ledger;
    expect(await ledger.revoke(id, { code: 'other' })).toMatchObject({ alreadyRevoked: true, entry: undefined });
    expect(ledger.size).toBe(size);
    expect((await ledger.explain(id)).history).toMatchObject([
      { kind: 'revoked', reason: { code: 'false-positive', by: 'ann', text: 'our probe' } },
    ]);
    await expect(ledger.revoke(999n, { code: 'other' })).rejects.toMatchObject({ code: 'DecisionUnknown' });
  });

  it('of a person covers a network, and a rule may not block without end', async () => {
    await using ledger = await openLedger({ time: 'clock' });
    const wish = { target: { kind: 'range', value: '203.0.113.0/24' }, reason: 'test' } as const;
    expect(await ledger.addBlock({ ...wish, origin: 'scenario', durationMs: null })).toMatchObject({
      kind: 'refused',
      code: 'EXPIRY_REQUIRED',
    });
    const centuries = { ...wish, origin: 'scenario', durationMs: 100 * 365 * 86_400_000 } as const;
    expect(await ledger.addBlock(centuries)).toMatchObject({ kind: 'refused', code: 'EXPIRY_REQUIRED' });
    const fromThen = { ...wish, origin: 'scenario', time: at('2126-01-01T00:00:00Z') } as const;
    expect(await ledger.addBlock({ ...fromThen, target: '203.0.114.7' })).toMatchObject({ kind: 'decided' });
    expect(ledger.isBlocked('203.0.114.7')?.until).toBeLessThan(ledger.now + 86_400_000);
    expect(await ledger.addBlock({ ...wish, durationMs: null, domains: ['ssh'] })).toMatchObject({ kind: 'decided' });
    expect(ledger.isBlocked('203.0.113.77', 'ssh')).toMatchObject({ until: null });
    expect(ledger.isBlocked('203.0.113.77', 'http')).toBeUndefined();
    expect(await ledger.addBlock({ ...wish, target: { kind: 'range', value: '203.0.0.0/16' } })).toMatchObject({
      kind: 'review',
      code: 'BLAST_RADIUS',
      decision: { state: 'pending-review' },
    });
    expect(ledger.isBlocked('203.0.5.5')).toBeUndefined();
    expect(ledger.statistics().decisions).toMatchObject({ active: 2, 'pending-review': 1 });
  });
});

describe('rails', () => {
  it('refuse the allow-listed, in the ledger, and allowing somebody later revokes', async () => {
    await writeFile(log, burst('203.0.113.5') + burst('203.0.113.6', 20));
    await using ledger = await openLedger({ allowList: ['203.0.113.6'] });
    expect(await ledger.readLogs([log])).toMatchObject({ decided: 1, refused: { ALLOW_LIST: 1 } });
    expect(ledger.statistics().entries.refusal).toBe(1);
    const { id } = ledger.isBlocked('203.0.113.5')!;
    expect(await ledger.allow('203.0.113.0/24', 'our own')).toEqual({ revoked: [id] });
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
    await ledger.close();
    await using again = await openLedger();
    expect(again.allowList()).toEqual(['203.0.113.6/32', '203.0.113.0/24']);
    expect(await again.addBlock({ target: { kind: 'ip', value: '203.0.113.9' }, reason: 'x' })).toMatchObject({
      kind: 'refused',
      code: 'ALLOW_LIST',
    });
  });

  it('spare who logged in before, until the evidence is strong', async () => {
    const accepted = failure(0, '203.0.113.5').replace('Failed', 'Accepted');
    await writeFile(log, accepted + burst('203.0.113.5', 1));
    await using ledger = await openLedger();
    expect(await ledger.readLogs([log])).toMatchObject({ decided: 0, refused: { KNOWN_GOOD: 1 } });
    await appendFile(
      log,
      [9, 10, 11, 12]
        .map((hour) => burst('203.0.113.5', 1).replaceAll('T08', `T${String(hour).padStart(2, '0')}`))
        .join(''),
    );
    expect(await ledger.readLogs([log])).toMatchObject({ decided: 1 });
  });

  it('hold a flood of new blocks for review', async () => {
    await writeFile(log, Array.from({ length: 5 }, (_, n) => burst(`203.0.113.${n}`)).join(''));
    await using ledger = await openLedger({ rails: { blocksPerMinuteOfScenario: 2 } });
    expect(await ledger.readLogs([log])).toMatchObject({ decided: 2, reviews: 3 });
  });
});

describe('events of the caller', () => {
  const event = (n: number, address = '203.0.113.5'): SecurityEvent => ({
    time: 1_800_000_000_000 + n,
    domain: 'http',
    kind: 'request',
    actor: [{ kind: 'ip', value: address }],
    outcome: 'failure',
    fields: { method: 'POST', status: '401', path: '/login', user: '' },
    evidence: { digest: String(n).padStart(64, '0') },
  });

  it('go the same way', async () => {
    await using ledger = await openLedger();
    const receipt = await ledger.ingest(Array.from({ length: 6 }, (_, n) => event(n, '::ffff:203.0.113.5')));
    expect(receipt).toMatchObject({
      events: 6,
      outcomes: [{ kind: 'decided', decision: { target: { value: '203.0.113.5' } } }],
    });
    expect(receipt.checkpoint).toBe(ledger.checkpoint);
  });

  it('are all refused when one is wrong, with every wrong field', async () => {
    await using ledger = await openLedger();
    const wrong = { ...event(0), time: -1, domain: 'X Y' };
    await expect(ledger.ingest([event(0), wrong])).rejects.toMatchObject({
      code: 'EventInvalid',
      details: { issues: [expect.stringContaining('time'), expect.stringContaining('domain')] },
    });
    await expect(ledger.ingest({ ...event(0), actor: [{ kind: 'ip', value: '1.2.3' }] })).rejects.toMatchObject({
      code: 'TargetInvalid',
    });
  });
});

describe('a ledger on disk', () => {
  it('gives the same answers when it is opened again', async () => {
    await writeFile(log, burst('203.0.113.5') + burst('203.0.113.6', 20) + burst('2001:db8::5', 40));
    await using ledger = await openLedger({ allowList: ['203.0.113.6'] });
    await ledger.readLogs([log]);
    await ledger.revoke(ledger.isBlocked('2001:db8::5')!.id, { code: 'appeal' });
    const before = {
      actors: ledger.actors(),
      statistics: { ...ledger.statistics(), buckets: {}, actors: {} },
      size: ledger.size,
      checkpoint: ledger.checkpoint,
    };
    await ledger.close();
    await using again = await openLedger({ allowList: ['203.0.113.6'] });
    expect({
      actors: again.actors(),
      statistics: { ...again.statistics(), buckets: {}, actors: {} },
      size: again.size,
      checkpoint: again.checkpoint,
    }).toEqual(before);
  });

  it('streams changes without loss from any cursor', async () => {
    await writeFile(log, burst('203.0.113.5') + burst('203.0.113.6', 20));
    await using ledger = await openLedger();
    await ledger.readLogs([log]);
    const { id } = ledger.isBlocked('203.0.113.6')!;
    await ledger.revoke(id, { code: 'mistake' });
    const all = await collect(ledger.changesSince(-1n));
    expect(all.map(({ kind }) => kind)).toEqual(['added', 'added', 'revoked']);
    for (const [index, change] of all.entries()) {
      expect(await collect(ledger.changesSince(change.cursor))).toEqual(all.slice(index + 1) as DecisionChange[]);
    }
    expect(await collect(ledger.changesSince(10_000n))).toEqual([]);
  });

  it('keeps its key to itself, and publishes the public one', async () => {
    await using ledger = await openLedger();
    expect((await stat(join(folder, 'ledger/signing.key'))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(folder, 'ledger/verifier.key'), 'utf8')).trim()).toBe(ledger.verifierKey);
    await expect(openLedger()).rejects.toMatchObject({ code: 'LogLocked' });
    await ledger.close();
    await expect(openLedger({ origin: 'another' })).rejects.toMatchObject({ code: 'SigningKeyInvalid' });
  });

  it('verifies from outside, and shows a cut tail by an older checkpoint', async () => {
    await writeFile(log, burst('203.0.113.5'));
    await using ledger = await openLedger();
    const early = ledger.checkpoint;
    await ledger.readLogs([log]);
    const { checkpoint, verifierKey } = ledger;
    expect(await ledger.verify()).toMatchObject({ verified: true, problems: [] });
    await ledger.close();
    const place = join(folder, 'ledger');
    expect(await verifyLedger(place, { verifierKey, checkpoint: early })).toMatchObject({
      verified: true,
      entries: { decision: 1 },
    });
    expect(await verifyLedger(place, { checkpoint: `${checkpoint}` })).toMatchObject({ verified: true });
    await rm(place, { recursive: true });
    await (await openLedger()).close();
    expect(await verifyLedger(place, { verifierKey })).toMatchObject({ verified: false });
    await expect(verifyLedger(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'LedgerMissing' });
    await expect(verifyLedger(place, { verifierKey: 'x' })).rejects.toMatchObject({ code: 'OptionsInvalid' });
  });

  it('says everything that is wrong with its options at once', async () => {
    await expect(
      AutoblockerLedger.open({ folder: '', banMs: 1, rails: { addressShare: 1 }, typo: 1 } as never),
    ).rejects.toMatchObject({
      code: 'OptionsInvalid',
      details: {
        issues: [
          expect.stringMatching(/^folder/),
          expect.stringMatching(/^rails.addressShare/),
          expect.stringMatching(/^banMs/),
          expect.stringContaining('typo'),
        ],
      },
    });
    await expect(openLedger({ allowList: ['10.0.0.1/8'] })).rejects.toMatchObject({ code: 'TargetInvalid' });
    await writeFile(log, '');
    await expect(openLedger({ folder: log })).rejects.toMatchObject({
      code: 'OptionsInvalid',
      details: { folder: log },
    });
  });

  it('takes nothing more once it is closed', async () => {
    const ledger = await openLedger();
    await ledger.close();
    await ledger.close();
    await expect(ledger.addBlock({ target: { kind: 'ip', value: '203.0.113.5' }, reason: 'x' })).rejects.toMatchObject({
      code: 'LedgerClosed',
    });
  });
});

describe('a clock that is set', () => {
  class SetClock extends VirtualClock {
    ahead = 0;
    override now() {
      return super.now() + this.ahead;
    }
  }
  const hour = 3_600_000;

  it('forward and back again ends nothing for good', async () => {
    const clock = new SetClock(at('2026-11-23T08:00:00Z'));
    await using governor = new ResourceGovernor({ name: 'test', clock });
    await using ledger = await openLedger({ governor, time: 'clock' });
    const block = (target: string) => ledger.addBlock({ target, reason: 'test', durationMs: hour });
    await block('203.0.113.5');
    clock.ahead = 24 * hour;
    await block('203.0.113.6');
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
    clock.ahead = 0;
    await block('203.0.113.7');
    expect(ledger.isBlocked('203.0.113.5')).toMatchObject({ state: 'active' });
    expect(openSharedLookup(ledger.sharedLookup(), { now: () => clock.now() }).isBlocked('203.0.113.5')).toBeDefined();
    clock.ahead = 2 * hour;
    await block('203.0.113.8');
    expect(ledger.isBlocked('203.0.113.5')).toBeUndefined();
  });

  it('leaves what has ended alone when its network is allowed', async () => {
    const clock = new SetClock(at('2026-11-23T08:00:00Z'));
    await using governor = new ResourceGovernor({ name: 'test', clock });
    {
      await using ledger = await openLedger({ governor, time: 'clock' });
      await ledger.addBlock({ target: '203.0.113.5', reason: 'test', durationMs: hour });
      await ledger.addBlock({ target: '203.0.113.0/25', reason: 'test', durationMs: 3 * hour });
    }
    clock.ahead = 2 * hour;
    await using ledger = await openLedger({ governor, time: 'clock', allowList: ['203.0.113.5'] });
    expect(ledger.statistics().decisions).toEqual({ active: 0, 'pending-review': 0, revoked: 1, expired: 1 });
    expect((await ledger.allow('203.0.113.0/24')).revoked).toEqual([]);
  });
});
