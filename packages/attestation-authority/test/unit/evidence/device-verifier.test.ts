import { PluginRegistry, ResourceGovernor, testing, VirtualClock } from '@tenstrip/shared-core';
import { describe, expect, it } from 'vitest';
import {
  type AppraisalPolicy,
  attestationStrip,
  DeviceVerifier,
  type DeviceVerifierOptions,
  parseQuoteEvidence,
} from '../../../src/index.js';
import { answerTo, makersKey, makersPem } from '../../evidence/made-quotes.js';
import { bytesOf, quoteOf, record } from '../../evidence/recorded-quotes.js';

const { pcrs } = quoteOf('ecdsa-p256').evidence;
const policy: AppraisalPolicy = {
  name: 'servers',
  pcrs: Object.fromEntries(Object.entries(pcrs).map(([id, value]) => [id, [value]])),
};
const attestationKey = bytesOf(record.keys['ecdsa-p256']!.publicArea);
const { certificates } = record.endorsement;
const verifier = (options: DeviceVerifierOptions = {}) => new DeviceVerifier({ policies: [policy], ...options });

describe('a verifier of devices', () => {
  it('takes the answer to a challenge once, from the device that was challenged', () => {
    const devices = verifier({ maxKeys: 1 });
    const { nonce, challengedAt } = devices.challenge('a');
    const answer = { policy: 'servers', attestationKey: makersPem, nonce, evidence: answerTo(nonce) };
    expect(devices.appraise({ ...answer, device: 'b' })).toMatchObject({ code: 'NONCE_UNKNOWN' });
    expect(devices.appraise({ ...answer, device: 'a' })).toMatchObject({ ok: true, challengedAt, reboot: 'unknown' });
    expect(devices.appraise({ ...answer, device: 'a' })).toMatchObject({ code: 'NONCE_REUSED' });
  });

  it('refuses by another key, without a key, and by a policy that it does not have', () => {
    const devices = verifier({ maxKeys: 1 });
    const { nonce } = devices.challenge('a');
    const answer = { device: 'a', policy: 'servers', nonce, evidence: answerTo(nonce) };
    expect(devices.appraise({ ...answer, attestationKey: 'x' })).toMatchObject({ code: 'ATTESTATION_KEY_INVALID' });
    expect(devices.appraise({ ...answer, attestationKey, policy: 'other' })).toMatchObject({ code: 'POLICY_UNKNOWN' });
    expect(devices.appraise({ ...answer, attestationKey })).toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('makes credentials for keys that a maker vouches for, and refuses a secret that is none', () => {
    const devices = verifier({ endorsementRoots: [certificates.root], governor: at('2030-01-01T00:00:00Z') });
    const endorsementKey = bytesOf(record.endorsement.rsa);
    const chain = [bytesOf(certificates.rsa), certificates.issuer];
    const made = devices.makeCredentialChallenge({ attestationKey, endorsementKey, certificates: chain });
    expect(made).toMatchObject({ ok: true, endorsedBy: 'CN=swtpm-localca-rootca' });
    const bare = devices.makeCredentialChallenge({ attestationKey, endorsementKey });
    expect(bare).toMatchObject({ code: 'ENDORSEMENT_INVALID' });
    const other = bytesOf(record.endorsement.ecc);
    expect(
      devices.makeCredentialChallenge({ attestationKey, endorsementKey: other, certificates: chain }),
    ).toMatchObject({ code: 'ENDORSEMENT_KEY_INVALID' });
    expect(devices.confirm(attestationKey, new Uint8Array(32))).toMatchObject({ code: 'NONCE_UNKNOWN' });
    const quoteNonce = devices.challenge('a').nonce;
    expect(devices.confirm(attestationKey, quoteNonce)).toMatchObject({ code: 'NONCE_UNKNOWN' });
  });

  it('without roots takes endorsement keys as they come, by public area and by PEM', () => {
    const devices = verifier();
    const endorsementKey = bytesOf(record.endorsement.ecc);
    expect(devices.makeCredentialChallenge({ attestationKey, endorsementKey })).toMatchObject({ ok: true });
    expect(devices.makeCredentialChallenge({ attestationKey, endorsementKey: makersPem })).toMatchObject({ ok: true });
    expect(devices.makeCredentialChallenge({ attestationKey })).toMatchObject({ code: 'ENDORSEMENT_KEY_INVALID' });
    expect(devices.makeCredentialChallenge({ attestationKey: 'PEM' as never, endorsementKey })).toMatchObject({
      code: 'ATTESTATION_KEY_INVALID',
    });
  });

  it('is not made of two policies of one name, one that is wrong, or a root that is none', () => {
    for (const policies of [[policy, policy], [{ ...policy, pcrs: {} }]]) {
      expect(() => new DeviceVerifier({ policies })).toThrow(expect.objectContaining({ code: 'OptionsInvalid' }));
    }
    expect(() => new DeviceVerifier({ endorsementRoots: ['nonsense'] })).toThrow(
      expect.objectContaining({ code: 'OptionsInvalid' }),
    );
  });
});

/** A clock that stands. */
function at(time: string) {
  const governor = new ResourceGovernor(testing('certificates'));
  return { clock: new VirtualClock(Date.parse(time)), entropy: (length: number) => governor.entropy(length) };
}

describe('evidence in JSON', () => {
  const plain = { quoted: 'AAAA', signature: 'AAAA', pcrs };

  it('has octets in base64', () => {
    expect(parseQuoteEvidence({ ...plain, eventLog: 'AQ==' })).toEqual({
      quoted: Buffer.alloc(3),
      signature: Buffer.alloc(3),
      pcrs,
      eventLog: Buffer.from([1]),
    });
  });

  it('of another shape is refused by its member', () => {
    const wrong: [unknown, string][] = [
      [undefined, 'evidence'],
      [{ ...plain, quoted: 'AAA' }, 'quoted'],
      [{ ...plain, signature: 7 }, 'signature'],
      [{ ...plain, pcrs: 'none' }, 'pcrs'],
      [{ ...plain, eventLog: 'AR==' }, 'eventLog'],
    ];
    for (const [json, path] of wrong)
      expect(parseQuoteEvidence(json)).toMatchObject({ code: 'EVIDENCE_MALFORMED', path });
  });
});

describe('the strip', () => {
  it('goes from a challenge to an attestation of a device, the same under the same seed', async () => {
    const run = async () => {
      await using governor = new ResourceGovernor(testing('devices'));
      await using registry = new PluginRegistry({ governor });
      const { call } = await registry.mount(attestationStrip, { policies: [policy as never] });
      const { nonce } = await call.challengeDevice({ device: 'a' });
      const { quoted, signature } = answerTo(bytesOf(nonce));
      const evidence = {
        quoted: Buffer.from(quoted).toString('base64'),
        signature: Buffer.from(signature).toString('base64'),
        pcrs,
      };
      const answer = { device: 'a', policy: 'servers', attestationKey: makersPem, nonce, evidence };
      const verdict = await call.appraiseTpmQuote(answer);
      if (!verdict.ok) throw new Error(verdict.detail);
      expect(verdict.keyFingerprint).toBe(makersKey.fingerprint);
      expect(await call.appraiseTpmQuote(answer)).toMatchObject({ ok: false, code: 'NONCE_REUSED' });
      expect(await call.appraiseTpmQuote({ ...answer, evidence: 7 })).toMatchObject({ code: 'EVIDENCE_MALFORMED' });
      const previous = { surprise: true };
      expect(await call.appraiseTpmQuote({ ...answer, previous })).toMatchObject({ path: 'previous' });
      const attestation = await call.issueAttestation({
        subject: [{ name: 'device:a', digest: { sha256: verdict.keyFingerprint } }],
        predicateType: verdict.predicateType,
        predicate: verdict.predicate,
        notAfter: '2100-01-01T00:00:00Z',
      });
      await call.publishStatus({});
      const found = await call.verifyAttestation({ attestation });
      expect(found).toMatchObject({ ok: true, statement: { predicate: { policy: 'servers', pcrs } } });
      const credential = await call.makeCredentialChallenge({
        attestationKey: record.keys['ecdsa-p256']!.publicArea,
        endorsementKey: record.endorsement.rsa,
      });
      expect(credential).toMatchObject({ ok: true });
      const wrong = await call.confirmCredential({
        attestationKey: record.keys['ecdsa-p256']!.publicArea,
        secret: 'AAAA',
      });
      expect(wrong).toMatchObject({ ok: false, code: 'NONCE_UNKNOWN' });
      return { nonce, credential };
    };
    expect(await run()).toEqual(await run());
  });
});
