import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { registryForEachTest } from '../../../../tools/test-registry.mjs';
import { ledgerStrip } from '../../src/index.js';

const registry = registryForEachTest('strip');

const lines = Array.from(
  { length: 6 },
  (_, second) => `2026-11-23T08:00:0${second}Z web sshd[7]: Failed password for root from 203.0.113.5 port 4 ssh2`,
);

describe('the strip', () => {
  it('goes from lines to a proven and revoked decision', async () => {
    const { call } = await registry().mount(ledgerStrip, { allowList: ['198.51.100.0/24'] });
    const { events, unrecognised } = await call.parseLogLines({ lines: [...lines, 'something else'] });
    expect([events.length, unrecognised]).toEqual([6, 1]);

    const { overflows } = await call.detectPatterns({ events });
    expect(overflows).toMatchObject([{ scenario: { name: 'tenstrip/ssh-bf' }, eventCount: 6 }]);
    expect(await call.checkTarget({ target: '203.0.113.5' })).toEqual({ blocked: false });

    const { outcomes } = await call.recordEvents({ events });
    expect(outcomes).toMatchObject([{ kind: 'decided', decision: { target: { value: '203.0.113.5' } } }]);
    const { blocked, decision } = await call.checkTarget({ target: '203.0.113.5', domain: 'http' });
    expect(blocked).toBe(true);

    const explanation = await call.explainDecision({ id: decision!.id });
    expect(explanation.evidence.map(({ line }) => line)).toEqual(lines);
    expect((await call.proveEntry({ index: decision!.id })).proof).toBe(explanation.proof);
    expect(await call.revokeBlock({ id: decision!.id, reason: { code: 'appeal' } })).toMatchObject({
      alreadyRevoked: false,
    });
    expect(await call.checkTarget({ target: '203.0.113.5' })).toEqual({ blocked: false });
    expect(await call.verifyLedger({})).toMatchObject({
      verified: true,
      problems: [],
      entries: { decision: 1, revocation: 1 },
    });
  });

  it('judges without recording, and records what it refuses', async () => {
    const { call } = await registry().mount(ledgerStrip, { allowList: ['198.51.100.0/24'] });
    const wish = { target: '198.51.100.7', reason: 'test' };
    const { size } = await call.verifyLedger({});
    expect(await call.applySafetyRails(wish)).toMatchObject({ kind: 'refuse', code: 'ALLOW_LIST' });
    expect((await call.verifyLedger({})).size).toBe(size);
    expect(await call.proposeBlock(wish)).toMatchObject({ kind: 'refused', code: 'ALLOW_LIST' });
    expect(await call.applySafetyRails({ target: '203.0.113.0/24', reason: 'test' })).toEqual({ kind: 'allow' });
  });

  it('passes the errors of the engine as they are, and refuses wrong input', async () => {
    const { call } = await registry().mount(ledgerStrip, {});
    await expect(call.checkTarget({ target: '1.2.3' })).rejects.toMatchObject({ code: 'TargetInvalid' });
    await expect(call.explainDecision({ id: '7' })).rejects.toMatchObject({ code: 'DecisionUnknown' });
    await expect(call.explainDecision({ id: '-7' })).rejects.toMatchObject({ code: 'PluginInputInvalid' });
  });

  it('describes itself as JSON Schema', async () => {
    await registry().mount(ledgerStrip, {});
    const [description] = registry().describe().strips;
    expect(description!.plugins.map(({ name }) => name)).toEqual([
      'record-events',
      'parse-log-lines',
      'compile-rules',
      'detect-patterns',
      'propose-block',
      'apply-safety-rails',
      'check-target',
      'revoke-block',
      'explain-decision',
      'prove-entry',
      'verify-ledger',
      'sync-enforcement',
      'serve-decisions',
    ]);
    expect(JSON.stringify(description)).toContain('"folder"');
  });

  it('only plans enforcement where it is deterministic or in a sandbox', async () => {
    const { call } = await registry().mount(ledgerStrip, {});
    await call.proposeBlock({ target: '203.0.113.5', reason: 'test' });
    const { applied, blocks, plan } = await call.syncEnforcement({ table: 'planned' });
    expect([applied, blocks]).toEqual([false, 1]);
    expect(plan).toContain('add element inet planned v4_32 { 203.0.113.5 timeout');
  });

  it('serves decisions for a time', async () => {
    const real = new ResourceGovernor({ name: 'real' });
    const ordinary = new PluginRegistry({ governor: real });
    const { call } = await ordinary.mount(ledgerStrip, {});
    const bouncers = [{ name: 'web', key: '0123456789abcdef' }];
    expect(await call.serveDecisions({ port: 0, bouncers, forMs: 5 })).toMatchObject({ host: '127.0.0.1' });
    await ordinary[Symbol.asyncDispose]();
    await real.close();

    const caged = new ResourceGovernor({ name: 'caged', sandbox: { grants: { net: ['127.0.0.1:9'] } } });
    const strict = new PluginRegistry({ governor: caged });
    const inside = await strict.mount(ledgerStrip, {});
    await expect(inside.call.serveDecisions({ port: 8080, bouncers, forMs: 5 })).rejects.toMatchObject({
      code: 'CapabilityDenied',
    });
    expect(await inside.call.syncEnforcement({})).toMatchObject({ applied: false, blocks: 0 });
    await strict[Symbol.asyncDispose]();
    await caged.close();
  });

  it('counts a batch once, and has no more than a throttle for what is shared', async () => {
    const { call } = await registry().mount(ledgerStrip, { sharedNetworks: ['203.0.113.0/28'] });
    const { events } = await call.parseLogLines({ lines });
    expect(await call.recordEvents({ events, batch: 'one' })).toMatchObject({
      repeated: false,
      outcomes: [{ kind: 'decided', decision: { action: 'throttle', rail: { code: 'SHARED_ADDRESS' } } }],
    });
    expect(await call.recordEvents({ events, batch: 'one' })).toMatchObject({ repeated: true, outcomes: [] });
    const { rails, escalation } = await call.explainDecision({
      id: (await call.checkTarget({ target: '203.0.113.5' })).decision!.id,
    });
    expect(rails.find(({ code }) => code === 'SHARED_ADDRESS')?.objection).toContain('throttled');
    expect(escalation).toEqual({ earlier: 0, lengthMs: 4 * 3_600_000 });
  });

  it('has the rails of its options, within their limits, and not without one', async () => {
    const { call } = await registry().mount(ledgerStrip, { rails: { blocksPerMinute: 1 } });
    const wish = {
      reason: 'test',
      origin: 'scenario' as const,
      scenario: { name: 't/rule', version: '1' },
      time: 1000,
    };
    expect(await call.proposeBlock({ target: '203.0.113.5', ...wish })).toMatchObject({ kind: 'decided' });
    expect(await call.proposeBlock({ target: '203.0.113.6', ...wish })).toMatchObject({ kind: 'review', code: 'RATE' });
    expect(await call.applySafetyRails({ target: '127.0.0.1', reason: 'test' })).toMatchObject({ code: 'SELF' });
  });

  it.each([
    ['a rate of none', { rails: { blocksPerMinute: 0 } }],
    ['a rate without end', { rails: { blocksPerMinuteOfScenario: 1e9 } }],
    ['all of the address space', { rails: { addressShare: 1 } }],
    ['a score that everybody has', { rails: { knownGoodScore: 0 } }],
    ['an address that is never shared', { rails: { sharedUsers: 1000 } }],
    ['a rail switched off', { rails: { self: false } as object }],
    ['no buckets', { maxBuckets: 0 }],
    ['buckets without end', { maxBuckets: Number.POSITIVE_INFINITY }],
  ])('is not mounted with %s', async (_, options) => {
    await expect(registry().mount(ledgerStrip, options)).rejects.toMatchObject({ code: 'StripInvalid' });
  });

  it('keeps no more buckets than its options say', async () => {
    const { call } = await registry().mount(ledgerStrip, { maxBuckets: 1 });
    const from = (address: string) => lines.map((line) => line.replace('203.0.113.5', address));
    const turns = lines.flatMap((_, turn) => [from('203.0.113.5')[turn]!, from('203.0.113.6')[turn]!]);
    const { events } = await call.parseLogLines({ lines: turns });
    expect((await call.recordEvents({ events })).outcomes).toEqual([]);
    const { events: alone } = await call.parseLogLines({ lines });
    expect((await call.recordEvents({ events: alone })).outcomes).toMatchObject([{ kind: 'decided' }]);
  });

  it('takes nothing in while it is paused, and goes on after', async () => {
    const strip = await registry().mount(ledgerStrip, {});
    const { events } = await strip.call.parseLogLines({ lines });
    strip.pause();
    const recording = strip.call.recordEvents({ events });
    expect(strip.state).toBe('paused');
    expect(strip.governor.statistics().waiting).toBe(1);
    strip.resume();
    expect((await recording).outcomes).toHaveLength(1);
  });

  it('keeps its state in memory in a sandbox, and takes a folder only where it may write', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'strip-'));
    try {
      const caged = new ResourceGovernor({ ...testing('caged'), sandbox: { grants: {} } });
      const strict = new PluginRegistry({ governor: caged });
      await expect(strict.mount(ledgerStrip, { folder })).rejects.toMatchObject({ code: 'CapabilityDenied' });
      const { call } = await strict.mount(ledgerStrip, {});
      expect(await call.verifyLedger({})).toMatchObject({ verified: true });
      await strict[Symbol.asyncDispose]();
      await caged.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
