import { createPrivateKey, createPublicKey, generateKeyPairSync, privateDecrypt, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { requireFull } from '../../../../../tools/test-requirements.mjs';
import {
  type AttestationKey,
  type EndorsementKey,
  makeCredential,
  readAttestationKey,
  readEndorsementKey,
  verifyEndorsement,
} from '../../../src/index.js';
import { bytesOf, keyOf, record } from '../../evidence/recorded-quotes.js';

const full = requireFull();

const { certificates } = record.endorsement;
const leaf = bytesOf(certificates.rsa);
const area = (name: string) => bytesOf(record.keys[name]!.publicArea);

describe('an attestation key', () => {
  it.each(Object.keys(record.keys))('%s has the name that the TPM gives it, and the key of its PEM', (name) => {
    const key = keyOf(name);
    expect(Buffer.from(key.name!).toString('hex')).toBe(record.keys[name]!.name);
    expect(key.key.equals(createPublicKey(record.keys[name]!.pem))).toBe(true);
    const bare = readAttestationKey(area(name).subarray(2)) as AttestationKey; // TPMT_PUBLIC without its length
    expect(bare.fingerprint).toBe(key.fingerprint);
  });

  it('must be bound to its TPM and sign nothing but what that made', () => {
    const bits = {
      fixedTPM: 1,
      fixedParent: 4,
      sensitiveDataOrigin: 5,
      restricted: 16,
      decrypt: 17,
      sign: 18,
      reserved: 3,
    };
    for (const bit of Object.values(bits)) {
      const octets = area('ecdsa-p256');
      octets[2 + 4 + 3 - (bit >> 3)]! ^= 1 << (bit & 7);
      expect(readAttestationKey(octets)).toMatchObject({ ok: false, code: 'ATTESTATION_KEY_INVALID' });
    }
    expect(readAttestationKey(bytesOf(record.endorsement.rsa))).toMatchObject({
      code: 'ATTESTATION_KEY_INVALID',
      detail: expect.stringContaining('sign'),
    });
  });

  it('off its curve, cut, or longer is none', () => {
    const octets = area('ecdsa-p256');
    const off = Buffer.from(octets);
    off[off.length - 1]! ^= 1;
    const none: (Uint8Array | string)[] = [
      off,
      Buffer.concat([octets, Buffer.alloc(1)]),
      Buffer.alloc(0),
      Buffer.alloc(2000),
      '',
    ];
    for (let length = 0; length < octets.length; length++) none.push(octets.subarray(0, length));
    for (const one of none) expect(readAttestationKey(one)).toMatchObject({ code: 'ATTESTATION_KEY_INVALID' });
    expect(readAttestationKey(undefined as never)).toMatchObject({ code: 'ATTESTATION_KEY_INVALID' });
  });

  it('in PEM is of a kind that signs quotes, and never private', () => {
    const pem = (key: ReturnType<typeof generateKeyPairSync>) =>
      String(key.publicKey.export({ format: 'pem', type: 'spki' }));
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const others = [
      pem(weak),
      pem(generateKeyPairSync('ed25519') as never),
      pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })),
      String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    ];
    for (const one of others) expect(readAttestationKey(one)).toMatchObject({ code: 'ATTESTATION_KEY_INVALID' });
  });
});

describe('an endorsement certificate', () => {
  const time = Date.parse('2030-01-01T00:00:00Z');
  const issuerTo = new X509Certificate(certificates.issuer);
  const chain = [leaf, certificates.issuer];
  const roots = [certificates.root];

  it('leads to the root that its maker is believed by, and is of the TPM that says so', () => {
    const publicArea = bytesOf(record.endorsement.rsa);
    const found = verifyEndorsement(chain, { roots, time, publicArea });
    expect(found).toMatchObject({
      ok: true,
      root: 'CN=swtpm-localca-rootca',
      key: { nameHash: 'sha256', symmetricBits: 128 },
    });
    const whole = [...chain, certificates.root];
    expect(verifyEndorsement(whole, { roots, time })).toMatchObject({ ok: true });
    expect(verifyEndorsement([leaf], { roots: [certificates.issuer], time })).toMatchObject({ ok: true });
  });

  it('gives of P-384 what the high template says, as the TPM has it', () => {
    const ecc = [bytesOf(certificates.ecc), certificates.issuer];
    const found = verifyEndorsement(ecc, { roots, time });
    const said = readEndorsementKey(bytesOf(record.endorsement.ecc));
    expect(found).toMatchObject({ ok: true, key: { ...(said as EndorsementKey), key: expect.anything() } });
  });

  it('is refused without a root, in another order, by another maker, of another key, or at another time', () => {
    const other = bytesOf(record.endorsement.ecc);
    const cases: [unknown, Parameters<typeof verifyEndorsement>[1], string][] = [
      [chain, { roots: [], time }, 'ENDORSEMENT_INVALID'],
      [[leaf], { roots, time }, 'ENDORSEMENT_INVALID'],
      [[certificates.issuer, leaf], { roots, time }, 'ENDORSEMENT_INVALID'],
      [[certificates.issuer], { roots, time }, 'ENDORSEMENT_INVALID'],
      [[leaf, certificates.root], { roots, time }, 'ENDORSEMENT_INVALID'],
      [[], { roots, time }, 'ENDORSEMENT_INVALID'],
      [undefined, { roots, time }, 'ENDORSEMENT_INVALID'],
      [['nonsense'], { roots, time }, 'ENDORSEMENT_INVALID'],
      [Array.from({ length: 9 }, () => leaf), { roots, time }, 'ENDORSEMENT_INVALID'],
      [chain, { roots, time: Date.parse('2020-01-01T00:00:00Z') }, 'ENDORSEMENT_INVALID'],
      [chain, { roots, time: Date.parse(issuerTo.validTo) + 1 }, 'ENDORSEMENT_INVALID'],
      [chain, { roots, time: Number.NaN }, 'ENDORSEMENT_INVALID'],
      [chain, { roots, time, publicArea: other }, 'ENDORSEMENT_KEY_INVALID'],
    ];
    for (const [given, circumstances, code] of cases) {
      expect(verifyEndorsement(given as never, circumstances)).toMatchObject({ ok: false, code });
    }
  });

  it('is not held against roots that are none', () => {
    for (const root of ['nonsense', new Uint8Array(), leaf]) {
      expect(() => verifyEndorsement(chain, { roots: [root], time })).toThrow(
        expect.objectContaining({ code: 'OptionsInvalid' }),
      );
    }
  });

  it(`is refused after any flip of a bit${full.available ? '' : ' in one of eight octets'}`, {
    timeout: 300_000,
  }, () => {
    for (let at = 0; at < leaf.length; at += full.available ? 1 : 8) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(leaf);
        flipped[at]! ^= 1 << bit;
        expect(verifyEndorsement([flipped], { roots: [certificates.issuer], time })).toMatchObject({ ok: false });
      }
    }
  });
});

describe('a credential', () => {
  const name = keyOf('ecdsa-p256').name!;
  const key = readEndorsementKey(bytesOf(record.endorsement.rsa)) as EndorsementKey;
  const zeros = (length: number) => new Uint8Array(length).fill(7);

  it('has the structure that TPM2_ActivateCredential takes, and the same octets from the same entropy', () => {
    const { credentialBlob, encryptedSecret } = makeCredential(key, name, zeros(32), zeros);
    expect(credentialBlob.length).toBe(2 + 2 + 32 + 2 + 32);
    expect(encryptedSecret.length).toBe(2 + 256);
    expect(makeCredential(key, name, zeros(32), zeros)).toEqual({ credentialBlob, encryptedSecret });
  });

  it('has a seed that OAEP by OpenSSL opens', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = String(pair.publicKey.export({ format: 'pem', type: 'spki' }));
    const own = readEndorsementKey(pem) as EndorsementKey;
    const { encryptedSecret } = makeCredential(own, name, zeros(16), zeros);
    const padding = { oaepHash: 'sha256', oaepLabel: Buffer.from('IDENTITY\0') };
    const key_ = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(privateDecrypt({ key: key_, ...padding }, encryptedSecret.subarray(2))).toEqual(Buffer.alloc(32, 7));
  });

  it('is not made of no secret, of too long a one, or for no name', () => {
    for (const [secret, of_] of [
      [zeros(0), name],
      [zeros(33), name],
      [zeros(32), zeros(4)],
    ] as const) {
      expect(() => makeCredential(key, of_, secret, zeros)).toThrow(
        expect.objectContaining({ code: 'RequestInvalid' }),
      );
    }
  });
});
