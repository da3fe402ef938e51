// Damage: every single-bit flip and every truncation of what an attestation is made of turns acceptance into a refusal, whatever the
// verifier has seen before; and a verifier that has seen much says what one that has seen nothing says.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  type Circumstances,
  type IssuanceMode,
  type RefusalCode,
  StatusSnapshot,
  type Trust,
} from '../../src/index.js';

let governor: ResourceGovernor;
let authority: AttestationAuthority;
let trust: Trust;
let given: Circumstances;
let statusList: Attestation;
const issued = new Map<IssuanceMode, Attestation>();
let many: Attestation[];

beforeAll(async () => {
  governor = new ResourceGovernor(testing('damage'));
  authority = await AttestationAuthority.open({ folder: 'memory:', origin: 'ca.example', governor });
  const request = (name: string, mode: IssuanceMode) => ({
    subject: [{ name, digest: { sha256: '5a'.repeat(32) } }],
    predicateType: 'https://example.com/p',
    predicate: { n: 1 },
    validity: { notAfter: new Date(governor.clock.now() + 1000) },
    mode,
  });
  many = await authority.issueBatch(Array.from({ length: 21 }, (_, at) => request(`s${at}`, 'transparent')));
  for (const mode of ['transparent', 'signature', 'both'] as const)
    issued.set(mode, await authority.issue(request('a', mode)));
  [statusList] = (await authority.publishStatus()) as [Attestation];
  trust = { roots: [authority.trustRoot()] };
  const read = new AttestationVerifier(trust).readStatusList(statusList, governor.clock.now());
  if (!read.ok) throw new Error(read.detail);
  given = { time: governor.clock.now(), status: StatusSnapshot.empty.with(read.list) as StatusSnapshot };
});
afterAll(async () => {
  await authority.close();
  await governor.close();
});

/** All texts that differ from `text` by one bit of one ASCII character, and all its prefixes. */
function* damaged(text: string): Generator<string> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at++) {
    yield bytes.subarray(0, at).toString();
    for (let bit = 0; bit < 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[at]! ^= 1 << bit;
      yield flipped.toString('latin1');
    }
  }
}

function expectRefused(warm: AttestationVerifier, attestation: Attestation, codes: readonly RefusalCode[]): void {
  const verdict = warm.verify(attestation, given);
  if (verdict.ok || !codes.includes(verdict.code)) {
    throw new Error(`${JSON.stringify(attestation)} led to ${JSON.stringify(verdict, (_, value) => String(value))}`);
  }
}

describe.each(['transparent', 'signature', 'both'] as const)('an attestation in %s mode', (mode) => {
  it('is refused after any flip or cut of its payload, payload type, signature, key id or proof', () => {
    const warm = new AttestationVerifier(trust);
    const good = issued.get(mode)!;
    // Three times: what came before is kept, with its proof and its signature.
    for (let time = 0; time < 3; time++) expect(warm.verify(good, given)).toMatchObject({ ok: true });
    const { envelope } = good;
    const changed: RefusalCode[] = [
      'ENVELOPE_MALFORMED',
      'STATEMENT_MALFORMED',
      mode === 'signature' ? 'SIGNATURE_INVALID' : 'PROOF_ROOT_MISMATCH',
    ];
    for (const payload of damaged(envelope.payload)) {
      expectRefused(warm, { ...good, envelope: { ...envelope, payload } }, changed);
    }
    for (const payloadType of damaged(envelope.payloadType)) {
      expectRefused(warm, { ...good, envelope: { ...envelope, payloadType } }, ['PAYLOAD_TYPE_UNKNOWN']);
    }
    for (const signature of envelope.signatures) {
      for (const sig of damaged(signature.sig)) {
        const signatures = [{ ...signature, sig }];
        expectRefused(warm, { ...good, envelope: { ...envelope, signatures } }, [
          'ENVELOPE_MALFORMED',
          'SIGNATURE_INVALID',
        ]);
      }
      for (const keyid of damaged(signature.keyid!)) {
        const signatures = [{ ...signature, keyid }];
        expectRefused(warm, { ...good, envelope: { ...envelope, signatures } }, ['UNKNOWN_KEY']);
      }
    }
    for (const proof of good.proof === undefined ? [] : damaged(good.proof)) {
      expectRefused(warm, { ...good, proof }, [
        'PROOF_MALFORMED',
        'PROOF_ROOT_MISMATCH',
        'CHECKPOINT_INVALID',
        'UNKNOWN_KEY',
      ]);
    }
    expect(warm.verify(good, given)).toMatchObject({ ok: true });
  });

  it('is refused after any flip of the decoded payload, as bytes', () => {
    const good = issued.get(mode)!;
    const payload = Buffer.from(good.envelope.payload, 'base64');
    const warm = new AttestationVerifier(trust);
    for (let bit = 0; bit < payload.length * 8; bit++) {
      const flipped = Buffer.from(payload);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const envelope = { ...good.envelope, payload: flipped.toString('base64') };
      expect(warm.verify({ ...good, envelope }, given)).toMatchObject({ ok: false });
    }
  });
});

it('a status list is refused after any flip or cut', () => {
  const verifier = new AttestationVerifier(trust);
  const { envelope, proof } = statusList;
  const time = given.time;
  expect(verifier.readStatusList(statusList, time)).toMatchObject({ ok: true });
  for (const payload of damaged(envelope.payload)) {
    expect(verifier.readStatusList({ envelope: { ...envelope, payload }, proof: proof! }, time)).toMatchObject({
      ok: false,
    });
  }
  for (const text of damaged(proof!)) {
    expect(verifier.readStatusList({ envelope, proof: text }, time)).toMatchObject({ ok: false });
  }
});

/** A proof with lines exchanged, taken from other proofs, or changed. */
const tampering = fc.array(
  fc.record({
    target: fc.nat(20),
    source: fc.nat(20),
    line: fc.nat(9),
    from: fc.nat(9),
    kind: fc.constantFrom('swap', 'flip', 'drop', 'none', 'blank'),
  }),
  { minLength: 1, maxLength: 40 },
);

it('what a verifier has seen never changes a verdict: warm is cold, and a wrong proof poisons nothing', () => {
  fc.assert(
    fc.property(tampering, fc.integer({ min: 1, max: 8 }), (steps, maxTiles) => {
      const warm = new AttestationVerifier(trust, { maxTiles, maxCheckpoints: 1 });
      for (const { target, source, line, from, kind } of steps) {
        const good = many[target]!;
        const lines = good.proof!.split('\n');
        const other = many[source]!.proof!.split('\n');
        if (kind === 'swap') lines[line] = other[from] ?? '';
        if (kind === 'flip') lines[line] = `B${(lines[line] ?? '').slice(1)}`;
        if (kind === 'drop') lines.splice(line, 1);
        if (kind === 'blank') lines.splice(line, 0, '');
        const attestation = { ...good, proof: lines.join('\n') };
        const cold = new AttestationVerifier(trust);
        expect(warm.verify(attestation, given)).toEqual(cold.verify(attestation, given));
      }
      for (const good of many) expect(warm.verify(good, given)).toMatchObject({ ok: true });
    }),
    { numRuns: 60 },
  );
});

it('never throws, whatever it is given', () => {
  const verifier = new AttestationVerifier(trust);
  const envelope = fc.oneof(
    fc.anything(),
    fc.record({
      payload: fc.oneof(fc.base64String(), fc.anything()),
      payloadType: fc.oneof(fc.constant('application/vnd.in-toto+json'), fc.anything()),
      signatures: fc.anything(),
    }),
  );
  const anything = fc.oneof(
    fc.anything(),
    fc.record({
      envelope,
      proof: fc.oneof(fc.string(), fc.anything()),
      chain: fc.oneof(fc.array(fc.record({ envelope })), fc.anything()),
    }),
  );
  fc.assert(
    fc.property(anything, (value) => {
      expect(verifier.verify(value as Attestation, given)).toMatchObject({ ok: false, code: expect.any(String) });
    }),
    { numRuns: 500 },
  );
});

it('a batch has the verdicts of its members one by one', () => {
  const mixed = [...many, { ...many[3]!, proof: many[4]!.proof! }, issued.get('both')!];
  const one = new AttestationVerifier(trust);
  const single = mixed.map((attestation) => new AttestationVerifier(trust).verify(attestation, given));
  expect(one.verifyBatch(mixed, given)).toEqual(single);
});
