import { PluginRegistry, ResourceGovernor, testing } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import { registryForEachTest } from '../../../../tools/test-registry.mjs';
import { attestationStrip } from '../../src/index.js';

const registry = registryForEachTest('strip');

const request = (name: string) => ({
  subject: [{ name, digest: { sha256: 'ab'.repeat(32) } }],
  predicateType: 'https://example.com/p',
  predicate: { any: 'thing' },
  notAfter: '2100-01-01T00:00:00Z',
});

describe('the strip', () => {
  it('goes from a request to a revoked and renewed attestation', async () => {
    const { call } = await registry().mount(attestationStrip, {});
    const attestation = await call.issueAttestation(request('a'));
    const { attestations } = await call.issueBatch({ requests: [request('b'), request('c')] });
    expect(await call.verifyAttestation({ attestation })).toMatchObject({ ok: false, code: 'STATUS_UNKNOWN' });
    const { statusLists } = await call.publishStatus({});
    expect(await call.checkStatus({ statusList: statusLists[0] })).toMatchObject({ ok: true, version: 4 });
    expect(await call.verifyAttestation({ attestation })).toMatchObject({ ok: true, logIndex: '0', by: 'proof' });
    const renewed = await call.renewAttestation({ attestation, notAfter: '2101-01-01T00:00:00Z' });
    await call.revokeAttestation({ attestation, reason: 'superseded' });
    const all = [attestation, ...attestations, renewed, { envelope: 'nonsense' }];
    const { verdicts } = await call.verifyBatch({ attestations: all });
    expect(verdicts.map((verdict) => (verdict.ok ? 'ok' : verdict.code))).toEqual([
      'REVOKED',
      'ok',
      'ok',
      'ok',
      'ENVELOPE_MALFORMED',
    ]);
    expect(await call.checkStatus({ statusList: statusLists[0] })).toMatchObject({ code: 'STATUS_ROLLBACK' });
    const { size, problems } = await call.auditLog({});
    expect([size, problems]).toEqual(['7', []]);
    expect((await call.proveInclusion({ index: '6' })).proof).toMatch(/^c2sp.org\/tlog-proof@v1\nindex 6\n/);
    expect((await call.proveConsistency({ from: '3', to: '7' })).proof.length).toBeGreaterThan(0);
  });

  it('rotates its key, and follows; another strip follows by the statement alone', async () => {
    const { call } = await registry().mount(attestationStrip, {});
    const attestation = await call.issueAttestation({ ...request('a'), mode: 'both' });
    const [old] = (await call.rotateKey({})).keys;
    expect(old).toMatchObject({ untilSize: '2' });
    const { rotation, keys } = await call.rotateKey({});
    expect(keys.map(({ fromSize, untilSize }) => [fromSize, untilSize])).toEqual([
      [undefined, '2'],
      ['2', '3'],
      ['3', undefined],
    ]);
    const newer = await call.issueAttestation(request('b'));
    await call.publishStatus({});
    for (const one of [attestation, newer]) {
      expect(await call.verifyAttestation({ attestation: one })).toMatchObject({ ok: true });
    }
    expect(await call.followKeyRotation({ rotation })).toEqual({ ok: true, roots: ['tenstrip/attestation-authority'] });
    expect(await call.followKeyRotation({ rotation: newer })).toMatchObject({ code: 'PREDICATE_TYPE_MISMATCH' });
    const { bundle } = await call.exportSigstoreBundle({ attestation });
    expect(bundle).toMatchObject({ mediaType: expect.stringContaining('v0.3') });
  });

  it('refuses wrong input by name', async () => {
    const { call } = await registry().mount(attestationStrip, {});
    await expect(call.proveInclusion({ index: '7' })).rejects.toMatchObject({ code: 'RequestInvalid' });
    await expect(call.issueAttestation({ ...request('a'), notAfter: 'soon' })).rejects.toMatchObject({
      code: 'PluginInputInvalid',
    });
    await expect(call.issueAttestation({ ...request('a'), notAfter: '1960-01-01T00:00:00Z' })).rejects.toMatchObject({
      code: 'RequestInvalid',
    });
  });

  it('keeps a sandboxed authority in memory', async () => {
    const sandbox = new ResourceGovernor({ ...testing('sandbox'), sandbox: { grants: {} } });
    await using closed = new PluginRegistry({ governor: sandbox });
    const { call } = await closed.mount(attestationStrip, {});
    expect((await call.issueAttestation(request('a'))).proof).toBeDefined();
    await using other = new PluginRegistry({ governor: sandbox });
    await expect(other.mount(attestationStrip, { folder: '/tmp/anywhere', passphrase: 'x' })).rejects.toMatchObject({
      code: 'CapabilityDenied',
    });
    await sandbox.close();
  });
});
