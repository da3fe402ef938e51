// What a caller may get wrong: wrong types, wrong shapes, what JSON cannot say. Each is one TenstripError that names it, and nothing is issued.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSigner } from '@tenstrip/shared-core/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  deviceStateOf,
  exportSigstoreBundle,
  makeCredential,
  parseAttestation,
  printAttestation,
  publicKeyOf,
  rotateRoot,
  StatusSnapshot,
  sealEnvelope,
  verifyEndorsement,
} from '../../src/index.js';

const wrong: readonly (readonly [string, never])[] = [
  ['null', null as never],
  ['a number', 7 as never],
  ['a text', 'text' as never],
  ['a function', (() => {}) as never],
  ['a bigint', 7n as never],
  ['a symbol', Symbol('s') as never],
];
const wrongOrArray: typeof wrong = [...wrong, ['an array', [] as never], ['an empty object', {} as never]];
const options = { folder: 'memory:', origin: 'wrong.example' };
const request = () => ({
  subject: [{ name: 'n', digest: { sha256: 'ab'.repeat(32) } }],
  predicateType: 'https://t/1',
  predicate: { a: 1 } as unknown,
  validity: { notAfter: new Date(Date.now() + 1e6) },
});
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const nested = JSON.parse('['.repeat(63) + ']'.repeat(63)) as unknown;

let authority: AttestationAuthority;
let attestation: Attestation;
let verifier: AttestationVerifier;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wrong-use-'));
  authority = await AttestationAuthority.open({ ...options, signer: createSigner(new Uint8Array(32).fill(1)) });
  attestation = await authority.issue(request());
  verifier = new AttestationVerifier({ roots: [authority.trustRoot()] });
});
afterAll(async () => {
  await authority.close();
  rmSync(folder, { recursive: true });
});

const named = (code: string) => ({ name: 'TenstripError', code });
const invalid = (run: () => unknown) => expect(run).toThrow(expect.objectContaining(named('OptionsInvalid')));

describe('opening an authority', () => {
  it.each(wrongOrArray)(
    'refuses %s as signer, governor, predicates, and inside previousKeys and chain',
    async (_, value) => {
      for (const given of [
        { signer: value },
        { governor: value },
        { predicates: value },
        { previousKeys: [value] },
        { chain: [value] },
      ]) {
        await expect(AttestationAuthority.open({ ...options, ...given })).rejects.toMatchObject(
          named('OptionsInvalid'),
        );
      }
    },
  );

  it('refuses a signer whose public key is too short, and keys that are none', async () => {
    const signer = { publicKey: new Uint8Array(3), sign: () => new Uint8Array(64) };
    await expect(AttestationAuthority.open({ ...options, signer })).rejects.toMatchObject(named('OptionsInvalid'));
    const previousKeys = [{ vkey: 'x' }];
    await expect(AttestationAuthority.open({ ...options, previousKeys })).rejects.toMatchObject(
      named('OptionsInvalid'),
    );
  });

  it('says of a folder that cannot be made which it is', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below'), '/proc/none']) {
      const error = { ...named('LogUnavailable'), details: { folder: path } };
      await expect(AttestationAuthority.open({ ...options, folder: path, passphrase: 'p' })).rejects.toMatchObject(
        error,
      );
    }
  });
});

describe('issuing', () => {
  it.each([
    ['a predicate whose toJSON throws', { predicate: { toJSON: () => JSON.parse('{') as unknown } }],
    ['a predicate with a boxed bigint', { predicate: { a: Object(7n) as unknown } }],
    ['a predicate that prints as a bigint', { predicate: { toJSON: () => 7n } }],
    ['a subject in itself', { subject: [{ ...request().subject[0]!, annotations: cycle }] }],
    ['a subject with a bigint', { subject: [{ ...request().subject[0]!, annotations: { a: 7n } }] }],
    ['a subject that prints as something else', { subject: [{ ...request().subject[0]!, toJSON: () => 7 }] }],
    [
      'a subject with a member __proto__',
      { subject: [{ ...request().subject[0]!, x: JSON.parse('{"__proto__":1}') as unknown }] },
    ],
    ['a subject nested too deep', { subject: [{ ...request().subject[0]!, x: nested }] }],
  ])('refuses %s, which no verifier would read', async (_, part) => {
    const { size } = authority;
    await expect(authority.issue({ ...request(), ...part })).rejects.toMatchObject(named('RequestInvalid'));
    expect(authority.size).toBe(size);
  });

  it.each(wrong)('refuses %s as requests, options, attestations, reasons and keys', async (_, value) => {
    const requestInvalid = named('RequestInvalid');
    await expect(authority.issueBatch(value)).rejects.toMatchObject(requestInvalid);
    await expect(authority.issue(request(), value)).rejects.toMatchObject(named('OptionsInvalid'));
    await expect(authority.issue(request(), { context: value })).rejects.toMatchObject(named('OptionsInvalid'));
    await expect(authority.audit(value)).rejects.toMatchObject(named('OptionsInvalid'));
    await expect(authority.renew(value, new Date(Date.now() + 1e6))).rejects.toMatchObject(named('NotIssuedHere'));
    await expect(authority.revoke(value)).rejects.toMatchObject(named('NotIssuedHere'));
    await expect(authority.reprove(value)).rejects.toMatchObject(named('NotIssuedHere'));
    await expect(authority.revoke(attestation, value)).rejects.toMatchObject(requestInvalid);
    await expect(authority.rotateKey(value)).rejects.toMatchObject(requestInvalid);
    expect(() => printAttestation(value)).toThrow(expect.objectContaining(requestInvalid));
  });
});

describe('verifying', () => {
  const now = () => ({ time: Date.now() });

  it.each(wrong)('refuses %s as options, circumstances, status and expectation', (_, value) => {
    const trust = { roots: [authority.trustRoot()] };
    invalid(() => new AttestationVerifier(trust, value));
    invalid(() => new AttestationVerifier(trust, { predicates: value }));
    invalid(() => verifier.verify(attestation, value));
    invalid(() => verifier.verifyBatch(value, now()));
    invalid(() => verifier.verify(attestation, { ...now(), status: value }));
    invalid(() => verifier.verify(attestation, { ...now(), expect: value }));
    invalid(() => verifier.verify(attestation, { ...now(), expect: { subject: value } }));
    invalid(() => verifier.verify(attestation, { ...now(), expect: { subject: { digest: value } } }));
    invalid(() => StatusSnapshot.empty.with(value));
  });

  it('refuses an expectation that it does not know: nobody would look at it', () => {
    invalid(() => verifier.verify(attestation, { ...now(), expect: { predicatetype: 'https://t/2' } as never }));
    invalid(() => verifier.verify(attestation, { ...now(), expect: { subject: { digests: {} } as never } }));
  });

  it('refuses limits that are none, and what was found in the place of the list in it', () => {
    invalid(() => new AttestationVerifier({ roots: [authority.trustRoot()] }, { maxTiles: 7n as never }));
    invalid(() => StatusSnapshot.empty.with({ ok: true, list: {} } as never));
  });

  it.each(wrongOrArray)('reads %s as no attestation', (_, value) => {
    expect(parseAttestation(value)).toMatchObject({ ok: false, code: 'ENVELOPE_MALFORMED' });
  });
});

describe('what stands beside them', () => {
  it.each(wrongOrArray)('refuses %s for an attestation, a key, a root, an accepted quote', async (_, value) => {
    const requestInvalid = expect.objectContaining(named('RequestInvalid'));
    const octets = new Uint8Array(32);
    expect(() => exportSigstoreBundle(value)).toThrow(requestInvalid);
    expect(() => publicKeyOf(value)).toThrow(requestInvalid);
    expect(() => deviceStateOf(value)).toThrow(requestInvalid);
    expect(() => makeCredential(value, octets, octets, () => octets)).toThrow(requestInvalid);
    invalid(() => rotateRoot(value, 'from', 'to', 1n));
    invalid(() => verifyEndorsement(['certificate'], value));
    await expect(sealEnvelope('t', value)).rejects.toMatchObject(named('RequestInvalid'));
  });
});
