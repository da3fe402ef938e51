// Rotations: a verifier that was given one public key follows an authority over any number of its keys; which key was good when is a place
// in the log. Judged by a model that counts entries.
import { ResourceGovernor, testing } from '@tenstrip/shared-core';
import { createSigner, sha256 } from '@tenstrip/shared-core/crypto';
import {
  decodeBase64,
  encodeBase64,
  leafHash,
  parseSignedCheckpoint,
  printCheckpoint,
  printSignedNote,
  printTlogProof,
  printVerifierKey,
  SignatureType,
  signNote,
  verifierKey,
} from '@tenstrip/shared-core/transparency';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Attestation,
  AttestationAuthority,
  AttestationVerifier,
  followKeyRotation,
  preAuthenticationEncoding,
  statementPayloadType,
  type Trust,
  type TrustRoot,
} from '../../src/index.js';

const origin = 'ca.example/log';
const signerOf = (number: number) => createSigner(new Uint8Array(32).fill(number + 1));
const lenient = { stale: 'accept', missing: 'accept' } as const;
const vkeyOf = (number: number) =>
  printVerifierKey(verifierKey(origin, SignatureType.ed25519, signerOf(number).publicKey, sha256));
/** Every how manieth bit is flipped; all of them in the full suite. */
const stride = process.env.TENSTRIP_FULL === '1' ? 1 : 7;
let governor: ResourceGovernor;
beforeAll(() => {
  governor = new ResourceGovernor(testing('rotation'));
});
afterAll(() => governor.close());

const open = () => AttestationAuthority.open({ folder: 'memory:', origin, governor, signer: signerOf(0) });
const request = (name: string, mode: 'transparent' | 'signature' | 'both') => ({
  subject: [{ name, digest: { sha256: '00'.repeat(32) } }],
  predicateType: 'https://t/1',
  predicate: {},
  validity: { notAfter: new Date(governor.clock.now() + 3_600_000) },
  mode,
  revocable: false,
});

function follow(trust: Trust, rotations: readonly Attestation[]): Trust {
  let now = trust;
  for (const rotation of rotations) {
    const followed = followKeyRotation(now, rotation);
    if (!followed.ok) throw new Error(`${followed.code} ${followed.detail}`);
    now = followed.trust;
  }
  return now;
}

/** What is issued, and when the key changes. */
const history = fc.array(fc.constantFrom('transparent', 'signature', 'both', 'rotate'), {
  minLength: 1,
  maxLength: 24,
});

it('leads from the first public key to all that follow; what was logged before stays good by its place', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      await using authority = await open();
      const first: Trust = { roots: [authority.trustRoot()], status: lenient };
      const rotations: Attestation[] = [];
      const issued: { attestation: Attestation; mode: string; keyNumber: number }[] = [];
      for (const [at, step] of steps.entries()) {
        if (step === 'rotate') {
          const { attestation } = await authority.rotateKey(signerOf(rotations.length + 1));
          rotations.push(attestation);
        } else {
          const attestation = await authority.issue(request(`s${at}`, step));
          issued.push({ attestation, mode: step, keyNumber: rotations.length });
        }
      }
      const trust = follow(first, rotations);
      expect(trust.roots[0]!.keys).toEqual(authority.trustRoot().keys);
      expect(follow(trust, rotations)).toBe(trust);
      const verifier = new AttestationVerifier(trust);
      for (const { attestation, mode, keyNumber } of issued) {
        const verdict = verifier.verify(attestation, { time: governor.clock.now() });
        const isOld = keyNumber < rotations.length;
        if (mode === 'signature' && isOld) expect(verdict).toMatchObject({ code: 'PROOF_MISSING' });
        else expect(verdict).toMatchObject({ ok: true });
      }
      for (const [at, rotation] of rotations.entries()) {
        if (at > 0) expect(followKeyRotation(first, rotation)).toMatchObject({ code: 'UNKNOWN_KEY' });
      }
    }),
    { numRuns: 40 },
  );
});

/** A tree of one statement that a key signs as the checkpoint of whatever size it likes: a fork by whoever has the key. */
async function forge(keyNumber: number, size: bigint, name: string): Promise<Attestation> {
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name, digest: { sha256: '00'.repeat(32) } }],
      predicateType: 'https://t/1',
      predicate: {},
    }),
  );
  const digest = Buffer.from(sha256(preAuthenticationEncoding(statementPayloadType, payload))).toString('hex');
  let hash = leafHash(Buffer.from(`tenstrip.dev/attest/v1 sha256:${digest} -\n`), sha256);
  // Entry 0 of a tree of `size`: every sibling is made up.
  const path: Uint8Array[] = [];
  for (let width = 1n; width < size; width *= 2n) {
    const sibling = new Uint8Array(32).fill(path.length);
    path.push(sibling);
    hash = sha256(Buffer.concat([Buffer.of(1), hash, sibling]));
  }
  const text = printCheckpoint({ origin, size, root: hash, extensions: [] });
  const signature = await signNote(text, origin, signerOf(keyNumber), sha256);
  const proof = printTlogProof({ index: 0n, path, checkpoint: printSignedNote({ text, signatures: [signature] }) });
  return { envelope: { payload: encodeBase64(payload), payloadType: statementPayloadType, signatures: [] }, proof };
}

it('never believes a key outside its range of log sizes', async () => {
  const sizes = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.nat(4), fc.integer({ min: 1, max: 64 }), async (changes, number, size) => {
      changes.sort((a, b) => a - b);
      const keyNumber = number % (changes.length + 1);
      const root: TrustRoot = {
        name: 'r',
        keys: [...changes, 0].map((_, at) => ({
          vkey: vkeyOf(at),
          ...(at === 0 ? {} : { fromSize: BigInt(changes[at - 1]!) }),
          ...(at < changes.length ? { untilSize: BigInt(changes[at]!) } : {}),
        })),
      };
      const from = keyNumber === 0 ? 0 : changes[keyNumber - 1]!;
      const until = changes[keyNumber] ?? Number.POSITIVE_INFINITY;
      const verifier = new AttestationVerifier({ roots: [root], status: lenient });
      const verdict = verifier.verify(await forge(keyNumber, BigInt(size), 'x'), { time: 0 });
      if (size >= from && size <= until) expect(verdict).toMatchObject({ ok: true, logIndex: 0n });
      else expect(verdict).toMatchObject({ code: 'KEY_RETIRED' });
    }),
    { numRuns: 150 },
  );
});

describe('a rotation is not followed', () => {
  const rotated = async () => {
    await using authority = await open();
    await authority.issue(request('a', 'transparent'));
    const trust: Trust = { roots: [authority.trustRoot()], status: lenient };
    const { attestation } = await authority.rotateKey(signerOf(1));
    await authority.issue(request('b', 'transparent'));
    const later = await authority.reprove(attestation);
    return { trust, attestation, later, other: await authority.issue(request('c', 'both')) };
  };

  it('after any flip of a bit of its payload, signatures and proof', async () => {
    const { trust, attestation } = await rotated();
    const { envelope, proof } = attestation;
    const flip = (text: string, bit: number) => {
      const bytes = Buffer.from(text);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes.toString('latin1');
    };
    const refused = (changed: Attestation) => expect(followKeyRotation(trust, changed)).toMatchObject({ ok: false });
    for (let bit = 0; bit < envelope.payload.length * 8; bit += stride) {
      refused({ ...attestation, envelope: { ...envelope, payload: flip(envelope.payload, bit) } });
    }
    for (let bit = 0; bit < proof!.length * 8; bit += stride) refused({ ...attestation, proof: flip(proof!, bit) });
    for (const at of [0, 1]) {
      for (let bit = 0; bit < 88 * 8; bit += stride) {
        const signatures = envelope.signatures.map((one, place) =>
          place === at ? { ...one, sig: flip(one.sig, bit) } : one,
        );
        refused({ ...attestation, envelope: { ...envelope, signatures } });
      }
      const signatures = envelope.signatures.filter((_, place) => place !== at);
      refused({ ...attestation, envelope: { ...envelope, signatures } });
    }
    expect(followKeyRotation(trust, attestation)).toMatchObject({ ok: true });
  });

  it('when it is no rotation, lacks its proof, or has one that the old key did not sign', async () => {
    const { trust, attestation, later, other } = await rotated();
    expect(followKeyRotation(trust, other)).toMatchObject({ code: 'PREDICATE_TYPE_MISMATCH' });
    expect(followKeyRotation(trust, { envelope: attestation.envelope })).toMatchObject({ code: 'NOT_VOUCHED' });
    expect(followKeyRotation(trust, later)).toMatchObject({ code: 'UNKNOWN_KEY' });
    expect(followKeyRotation(trust, undefined as never)).toMatchObject({ code: 'ENVELOPE_MALFORMED' });
  });

  it('when the old key was stolen, or was replaced otherwise', async () => {
    const { trust, attestation } = await rotated();
    const [root] = trust.roots as [TrustRoot];
    const withKey = (extra: object): Trust => ({
      ...trust,
      roots: [{ ...root, keys: [{ ...root.keys[0]!, ...extra }] }],
    });
    expect(followKeyRotation(withKey({ compromised: true }), attestation)).toMatchObject({ code: 'KEY_RETIRED' });
    expect(followKeyRotation(withKey({ untilSize: 1n }), attestation)).toMatchObject({ code: 'KEY_RETIRED' });
    expect(followKeyRotation(withKey({ fromSize: 7n }), attestation)).toMatchObject({ code: 'KEY_RETIRED' });
    // At the very size that the statement names, but by no key that the root has.
    expect(followKeyRotation(withKey({ untilSize: 2n }), attestation)).toMatchObject({ code: 'KEY_RETIRED' });
    const others = Array.from({ length: 63 }, (_, number) => ({ vkey: vkeyOf(number + 100) }));
    const full = { ...trust, roots: [{ ...root, keys: [root.keys[0]!, ...others] }] };
    expect(followKeyRotation(full, attestation)).toMatchObject({ code: 'ROTATION_INVALID' });
  });

  it('when the thief of an old key names another size than the log has', async () => {
    const { trust, attestation } = await rotated();
    const checkpoint = attestation.proof!.slice(attestation.proof!.indexOf('\n\n') + 2);
    const { size, root } = parseSignedCheckpoint(checkpoint)!.checkpoint;
    expect(size).toBe(2n);
    expect(encodeBase64(root)).toHaveLength(44);
    const payload = JSON.parse(Buffer.from(decodeBase64(attestation.envelope.payload)!).toString());
    expect(payload.predicate.atSize).toBe('2');
    // The same statement as entry 1 of 3: a fork that only the old key signed.
    const forged = await forge(0, 3n, 'x');
    expect(followKeyRotation(trust, { ...attestation, proof: forged.proof! })).toMatchObject({
      code: 'PROOF_ROOT_MISMATCH',
    });
  });
});
