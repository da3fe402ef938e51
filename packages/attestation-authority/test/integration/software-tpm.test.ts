// A device with a TPM, from its maker to an attestation of its state: a real TPM 2.0 in software, driven by tpm2-tools.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PluginRegistry } from '@tenstrip/shared-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manufactureTpm } from '../../../../tools/lab/endorsement.mjs';
import { bootEvents, digestsOf, EVENT_TYPES, printEventLog } from '../../../../tools/lab/measured-boot.mjs';
import { SoftwareTpm } from '../../../../tools/lab/software-tpm.mjs';
import { requireTool } from '../../../../tools/test-requirements.mjs';
import {
  AttestationAuthority,
  type AttestationKey,
  AttestationVerifier,
  appraiseQuote,
  attestationStrip,
  compilePolicy,
  countersOf,
  deviceStateOf,
  deviceStateType,
  type EndorsementKey,
  isDataMeasured,
  makeCredential,
  NonceRegistry,
  parseEventLog,
  printCredentialFile,
  type QuoteAcceptance,
  type QuoteAppraisal,
  readAttestationKey,
  readEndorsementKey,
  replayEventLog,
  verifyEndorsement,
} from '../../src/index.js';

const needs = ['swtpm', 'swtpm_setup', 'tpm2_quote'].map(requireTool);
const handles = { rsaEk: '0x81010001', eccEk: '0x81010016', lowEccEk: '0x81010030' };
const banks = ['sha1', 'sha256', 'sha384'] as const;
const bootPcrs = 'sha256:0,1,2,3,4,5,6,7,8';
const events = bootEvents('vmlinuz-6.1 root=/dev/vda1');
const eventLog = printEventLog(events, banks);

describe.skipIf(needs.some(({ available }) => !available))('a device with a TPM', () => {
  let folder: string;
  let tpm: SoftwareTpm;
  let certificates: Awaited<ReturnType<typeof manufactureTpm>>;
  const keys = new Map<string, { key: AttestationKey; handle: string; hash: string; scheme?: string }>();
  const nonces = new NonceRegistry();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenstrip-tpm-'));
    certificates = await manufactureTpm(folder);
    tpm = await SoftwareTpm.start(folder);
    const kinds = [
      ['ecc', 'sha256', 'ecdsa'],
      ['rsa', 'sha256', 'rsassa'],
      ['rsa', 'sha384', 'rsapss'],
    ] as const;
    for (const [at, [algorithm, hash, scheme]] of kinds.entries()) {
      const handle = `0x8101002${at}`;
      const made = await tpm.createAttestationKey({ endorsementKey: handles.rsaEk, handle, algorithm, hash, scheme });
      const key = readAttestationKey(made.publicArea);
      if ('ok' in key) throw new Error(key.detail);
      expect(Buffer.from(key.name!)).toEqual(made.name);
      keys.set(scheme, { key, handle, hash, ...(scheme === 'rsapss' ? { scheme } : {}) });
    }
    await boot();
  });
  afterAll(async () => {
    await tpm?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  async function boot(): Promise<void> {
    for (const event of events) await tpm.extend(event.pcr, digestsOf(event, banks));
  }

  async function quoteFor(nonce: Uint8Array, name = 'ecdsa', selection = bootPcrs) {
    const { handle, hash, scheme } = keys.get(name)!;
    return tpm.quote({ key: handle, selection, nonce, hash, ...(scheme === undefined ? {} : { scheme }) });
  }

  /** The reference values of a boot, from the event log alone: no TPM is asked. */
  function referencePolicy(more: Partial<Parameters<typeof compilePolicy>[0]> = {}) {
    const log = parseEventLog(eventLog);
    if ('ok' in log) throw new Error(log.detail);
    const values = [...replayEventLog(log)].filter(([id]) => id.startsWith('sha256:'));
    const pcrs = Object.fromEntries(values.map(([id, value]) => [id, [Buffer.from(value).toString('hex')]]));
    return compilePolicy({ name: 'servers', pcrs, ...more });
  }

  async function challengeAndAppraise(name: string, more: { previous?: QuoteAcceptance['counters'] } = {}) {
    const { nonce, challengedAt } = nonces.challenge('device');
    const evidence = { ...(await quoteFor(nonce, name)), eventLog };
    const redeemed = nonces.redeem(nonce, 'device');
    expect(redeemed).toEqual({ ok: true, challengedAt });
    const { key } = keys.get(name)!;
    return appraiseQuote(evidence, referencePolicy(), { key, nonce, challengedAt, time: Date.now(), ...more });
  }

  it.each(['ecdsa', 'rsassa', 'rsapss'])('that booted as its log says is accepted by its %s key', async (name) => {
    expect(await challengeAndAppraise(name)).toMatchObject({ ok: true, policy: 'servers', safe: true });
  });

  it('signs by RSAPSS what tpm2_checkquote cannot verify and the TPM itself can', async () => {
    const nonce = randomBytes(32);
    const { quoted, signature } = await quoteFor(nonce, 'rsapss', 'sha256:0');
    const [message, file] = [tpm.file(), tpm.file()];
    await writeFile(message, quoted);
    await writeFile(file, signature);
    const verify = ['-c', keys.get('rsapss')!.handle, '-g', 'sha384', '-m', message, '-s', file];
    expect((await tpm.attempt('tpm2_verifysignature', ...verify)).code).toBe(0);
    await writeFile(message, Buffer.concat([quoted, Buffer.alloc(1)]));
    expect((await tpm.attempt('tpm2_verifysignature', ...verify)).code).not.toBe(0);
  });

  it('has the PCRs that its log leads to, in every bank', async () => {
    const log = parseEventLog(eventLog);
    if ('ok' in log) throw new Error(log.detail);
    const read = await tpm.pcrs('sha1:0,1,2,3,4,5,6,7,8+sha256:0,1,2,3,4,5,6,7,8+sha384:0,1,2,3,4,5,6,7,8');
    const replayed = [...replayEventLog(log)].map(([id, value]) => [id, Buffer.from(value).toString('hex')]);
    expect(Object.fromEntries(replayed)).toEqual(read);
    expect(log.events.filter((event) => isDataMeasured(event, 'sha256')).length).toBe(events.length - 2);
  });

  it('that was started from locality 3 has the PCR 0 that its log leads to', async () => {
    const other = await SoftwareTpm.start(join(folder, 'other'), { locality: 3 });
    try {
      const data = Buffer.concat([Buffer.from('StartupLocality\0'), Buffer.from([3])]);
      const log = parseEventLog(printEventLog([{ pcr: 0, type: EVENT_TYPES.EV_NO_ACTION, data }, ...events], banks));
      if ('ok' in log) throw new Error(log.detail);
      for (const event of events) if (event.pcr === 0) await other.extend(0, digestsOf(event, banks));
      const value = Buffer.from(replayEventLog(log).get('sha256:0')!).toString('hex');
      expect(await other.pcrs('sha256:0')).toEqual({ 'sha256:0': value });
    } finally {
      await other.kill();
    }
  });

  it('cannot answer with an old quote, another selection, or a bank that is broken', async () => {
    const { nonce, challengedAt } = nonces.challenge('device');
    const evidence = await quoteFor(nonce);
    const { key } = keys.get('ecdsa')!;
    const given = { key, nonce, challengedAt, time: Date.now() };
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ ok: true });
    expect(appraiseQuote(evidence, referencePolicy(), given)).toMatchObject({ ok: true });
    expect(nonces.redeem(nonce, 'device')).toMatchObject({ code: 'NONCE_REUSED' });
    const next = nonces.challenge('device');
    expect(appraiseQuote(evidence, referencePolicy(), { ...given, nonce: next.nonce })).toMatchObject({
      code: 'NONCE_MISMATCH',
    });
    const codes = new Map<string, string>();
    for (const selection of ['sha256:16', `${bootPcrs}+sha1:0`, 'sha256:0,1,2,3', `${bootPcrs}+sha384:0,7`]) {
      const quote = await quoteFor(nonce, 'ecdsa', selection);
      const verdict: QuoteAppraisal = appraiseQuote(quote, referencePolicy(), given);
      codes.set(selection, verdict.ok ? 'ok' : verdict.code);
    }
    expect([...codes.values()]).toEqual([
      'PCR_SELECTION_INSUFFICIENT',
      'PCR_BANK_REFUSED',
      'PCR_SELECTION_INSUFFICIENT',
      'ok',
    ]);
  });

  it('opens credentials for its own keys, by RSA-2048, P-384 and P-256, and no other', async () => {
    await tpm.createEndorsementKey('ecc', handles.lowEccEk);
    const { key, handle } = keys.get('ecdsa')!;
    const tries = [
      [handles.rsaEk, 'policy'],
      [handles.eccEk, 'password'],
      [handles.lowEccEk, 'policy'],
    ] as const;
    for (const [endorsementKey, by] of tries) {
      const read = readEndorsementKey(await tpm.publicArea(endorsementKey));
      if ('ok' in read) throw new Error(read.detail);
      for (const [name, opens] of [
        [key.name!, true],
        [keys.get('rsassa')!.key.name!, false],
      ] as const) {
        const secret = randomBytes(32);
        const credential = printCredentialFile(makeCredential(read, name, secret, randomBytes));
        const opened = await tpm.activateCredential({ endorsementKey, attestationKey: handle, credential, by });
        expect(opened).toEqual(opens ? secret : undefined);
      }
    }
  });

  it('has endorsement keys that its maker vouches for', async () => {
    const roots = [certificates.root];
    for (const [certificate, handle] of [
      [certificates.rsa, handles.rsaEk],
      [certificates.ecc, handles.eccEk],
    ] as const) {
      const publicArea = await tpm.publicArea(handle);
      const chain = [certificate, certificates.issuer];
      expect(verifyEndorsement(chain, { roots, time: Date.now() + 1000, publicArea })).toMatchObject({ ok: true });
      // The certificate alone makes a credential that the TPM opens.
      const endorsed = verifyEndorsement(chain, { roots, time: Date.now() + 1000 });
      if (!endorsed.ok) throw new Error(endorsed.detail);
      expect(endorsed.key).toMatchObject({ ...withoutKey(readEndorsementKey(publicArea) as EndorsementKey) });
    }
  });

  it('is enrolled and appraised through the strip', async () => {
    await using registry = new PluginRegistry();
    const { name, references } = referencePolicy();
    const policy = { name, pcrs: Object.fromEntries([...references].map(([id, values]) => [id, [...values!]])) };
    const { call } = await registry.mount(attestationStrip, {
      policies: [policy],
      endorsementRoots: [certificates.root],
    });
    const { handle } = keys.get('ecdsa')!;
    const attestationKey = base64(await tpm.publicArea(handle));
    const certificates_ = [base64(certificates.rsa), certificates.issuer];
    const made = await call.makeCredentialChallenge({ attestationKey, certificates: certificates_ });
    if (!made.ok) throw new Error(made.detail);
    const credentialBlob = Buffer.from(made.credentialBlob, 'base64');
    const encryptedSecret = Buffer.from(made.encryptedSecret, 'base64');
    const credential = printCredentialFile({ credentialBlob, encryptedSecret });
    const opened = await tpm.activateCredential({ endorsementKey: handles.rsaEk, attestationKey: handle, credential });
    const secret = base64(opened!);
    expect(await call.confirmCredential({ attestationKey, secret })).toMatchObject({ ok: true });
    expect(await call.confirmCredential({ attestationKey, secret })).toMatchObject({ code: 'NONCE_REUSED' });

    const { nonce } = await call.challengeDevice({ device: 'a' });
    const quote = await quoteFor(Buffer.from(nonce, 'base64'));
    const evidence = { quoted: base64(quote.quoted), signature: base64(quote.signature), pcrs: quote.pcrs };
    const answer = { device: 'a', policy: name, attestationKey, nonce, evidence };
    const verdict = await call.appraiseTpmQuote({ ...answer, evidence: { ...evidence, eventLog: base64(eventLog) } });
    expect(verdict).toMatchObject({ ok: true, predicate: { policy: name, events: events.length } });
    expect(await call.appraiseTpmQuote(answer)).toMatchObject({ ok: false, code: 'NONCE_REUSED' });
  });

  it('is attested, and then seen to have been rebooted, and not to have gone back', async () => {
    const first = await challengeAndAppraise('ecdsa');
    if (!first.ok) throw new Error(first.detail);
    await using authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'devices.example' });
    const attestation = await authority.issue({
      subject: [{ name: 'device:17', digest: { sha256: first.keyFingerprint } }],
      predicateType: deviceStateType,
      predicate: deviceStateOf(first),
      validity: { notAfter: new Date(Date.now() + 60_000) },
      revocable: false,
    });
    const verifier = new AttestationVerifier({ roots: [authority.trustRoot()], status: { missing: 'accept' } });
    const verdict = verifier.verify(attestation, { time: Date.now() });
    if (!verdict.ok) throw new Error(verdict.detail);
    const previous = countersOf(verdict.statement.predicate)!;
    expect(previous).toEqual(first.counters);

    await tpm.stop();
    await tpm.start();
    await boot();
    const second = await challengeAndAppraise('ecdsa', { previous });
    expect(second).toMatchObject({ ok: true, reboot: 'reset' });
    if (!second.ok) throw new Error(second.detail);
    const { nonce, challengedAt } = nonces.challenge('device');
    const { key } = keys.get('ecdsa')!;
    const again = { ...(await quoteFor(nonce)), eventLog };
    const given = { key, nonce, challengedAt, time: Date.now() };
    const strict = referencePolicy({ reboot: 'refuse' });
    expect(appraiseQuote(again, strict, { ...given, previous })).toMatchObject({ code: 'REBOOTED' });
    expect(appraiseQuote(again, strict, { ...given, previous: second.counters })).toMatchObject({
      ok: true,
      reboot: 'none',
    });
    const later = { ...second.counters, resetCount: second.counters.resetCount + 1 };
    expect(appraiseQuote(again, strict, { ...given, previous: later })).toMatchObject({ code: 'COUNTERS_WENT_BACK' });

    await tpm.extend(7, { sha256: 'ab'.repeat(32) });
    const changed = await challengeAndAppraise('ecdsa', { previous: second.counters });
    expect(changed).toMatchObject({ ok: false, code: 'PCR_MISMATCH', path: 'pcrs.sha256:7' });
  });
});

function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

function withoutKey({ type, numberBytes, nameHash, symmetricBits, fingerprint }: EndorsementKey) {
  return { type, numberBytes, nameHash, symmetricBits, fingerprint };
}
