// Mistakes that somebody without types makes: one clear error each, before anything is done.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  AutoblockerLedger,
  compileRules,
  dryRun,
  EnforcementLoop,
  HttpIntake,
  HttpProtection,
  lineDigest,
  NftablesEnforcer,
  openSharedLookup,
  verifyLedger,
} from '../../src/index.js';
import { LapiServer } from '../../src/lapi/index.js';

let ledger: AutoblockerLedger;
beforeEach(async () => {
  ledger = await AutoblockerLedger.open({ folder: 'memory:', time: 'events' });
});
afterEach(() => ledger.close());

const key = 'a-key-of-thirty-two-characters-..';
const any = (value: unknown) => value as never;

describe('an option that is wrong', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a protection without options', () => new HttpProtection(any(undefined)), /expected object/],
    ["Express's name of an option", () => new HttpProtection(any({ ledger, trustProxy: true })), /"trustProxy"/],
    ['no ledger', () => new HttpProtection(any({ ledger: {} })), /ledger: a ledger/],
    ['all of IPv4 as proxies', () => new HttpProtection({ ledger, trustedProxies: ['0.0.0.0/0'] }), /0\.0\.0\.0\/0/],
    ['all of IPv6 as proxies', () => new HttpProtection({ ledger, trustedProxies: ['::/0'] }), /::\/0/],
    ['mapped IPv4 as proxies', () => new HttpProtection({ ledger, trustedProxies: ['::ffff:0:0/96'] }), /::ffff/],
    ['an intake without options', () => new HttpIntake(any(undefined)), /expected object/],
    ['a bound that there is not', () => new HttpIntake(any({ ledger, senders: [], maxBody: 5 })), /"maxBody"/],
    ['a loop without options', () => new EnforcementLoop(any(undefined)), /expected object/],
    ['a loop without an enforcer', () => new EnforcementLoop(any({ ledger })), /enforcer: an enforcer/],
    ['a tick of nothing', () => new EnforcementLoop({ ledger, enforcer: new NftablesEnforcer(), tickMs: 0 }), /tickMs/],
    ['a dry run of nothing', () => dryRun(any(undefined), any(undefined)), /enforcer: an enforcer/],
    ['hooks as a text', () => new NftablesEnforcer(any({ hooks: 'input' })), /hooks: give input/],
    ['labels that are no function', () => compileRules([], any({ labelsOf: { type: 'nginx' } })), /labelsOf/],
    ['data files in an object', () => compileRules([], any({ dataFiles: {} })), /a Map of dataFiles/],
    ['memory of nothing', () => openSharedLookup(any({})), /ledger\.sharedLookup\(\)/],
  ])('is named: %s', (_, make, message) => {
    expect(make).toThrow(expect.objectContaining({ code: 'OptionsInvalid', message: expect.stringMatching(message) }));
  });

  it('is named where it is met later', async () => {
    const refused = (what: Promise<unknown>, message: RegExp) =>
      expect(what).rejects.toMatchObject({ code: 'OptionsInvalid', message: expect.stringMatching(message) });
    await refused(LapiServer.open(any(undefined)), /expected object/);
    await refused(LapiServer.open(any({ ledger, bouncers: [{ name: 'a', key }], places: 'x' })), /"places"/);
    await refused(verifyLedger(any(undefined)), /folder/);
    await refused(ledger.allow('198.51.100.0/24', 'x'.repeat(2000)), /a note/);
    const lapi = await LapiServer.open({ ledger, bouncers: [{ name: 'a', key }] });
    await using listening = await lapi.listen({ port: 0 });
    await refused(lapi.listen({ port: listening.port }), /another program listens there/);
    await refused(lapi.listen({ port: 65_536 }), /port/);
    await refused(lapi.listen(any({ port: 'abc' })), /port/);
    await refused(lapi.listen({ port: 0, host: '203.0.113.1' }), /not one of this machine/);
  });
});

describe('text with half of a surrogate pair', () => {
  it('is taken with U+FFFD in its place: a name that a client chose must not have a batch refused', async () => {
    const failed = (second: number) => ({
      time: Date.UTC(2026, 10, 23, 8, 0, second),
      domain: 'api',
      kind: 'authentication-failure',
      actor: [
        { kind: 'ip' as const, value: '203.0.113.5' },
        { kind: 'user' as const, value: 'eve\ud800' },
      ],
      victim: { user: '\udc00root' },
      outcome: 'failure' as const,
      fields: { agent: '\ud83d' },
      evidence: { digest: lineDigest(String(second)), line: `wrong password \ud800 ${second}`, source: 'api\udfff' },
    });
    const { outcomes } = await ledger.ingest([0, 1, 2, 3, 4, 5].map(failed), { batch: 'one\ud800' });
    expect(outcomes.map(({ kind }) => kind)).toContain('decided');
    const decision = ledger.isBlocked('203.0.113.5')!;
    const { evidence } = await ledger.explain(decision.id);
    expect(evidence[0]).toMatchObject({ line: 'wrong password \ufffd 0', source: 'api\ufffd' });
    expect(await ledger.addBlock({ target: '203.0.113.9', reason: 'because \ud800' })).toMatchObject({
      kind: 'decided',
    });
    await ledger.allow('198.51.100.0/24', 'for \ud800');
    await ledger.revoke(decision.id, { code: 'other', text: '\ud800', by: 'ann\udc00' });
    await ledger.ingestLines(['no line \ud800'], { source: 'edge', batch: 'two' });
    expect((await ledger.verify()).verified).toBe(true);
  });
});

describe('a file that is compressed', () => {
  it('is refused by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compressed-'));
    const path = join(folder, 'auth.log.2.gz');
    await writeFile(path, gzipSync('a line\n'));
    await expect(ledger.readLogs([path])).rejects.toMatchObject({
      code: 'SourceUnreadable',
      details: { reason: expect.stringMatching(/^it is compressed/) },
    });
    await rm(folder, { recursive: true });
  });
});
